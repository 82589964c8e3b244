/** What is told of programs by the process that starts them for us; what they do is in run-process.test.ts. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { workerEnvironment } from "../../src/host/environment.ts";
import { ownProgram } from "../../src/host/own-folder.ts";
import { startProcess } from "../../src/host/process.ts";
import { runProcess } from "../../src/host/run-process.ts";
import { startApart, startHere } from "../../src/host/starter.ts";
import { isRunning, numberIn, scratchFolder } from "../support/scratch.ts";

beforeEach(startApart);
afterEach(startHere);

const never = new AbortController().signal;

function run(command: string) {
  return runProcess({ command, cwd: "/", env: workerEnvironment(), signal: never });
}

/** Who started the shell that runs this. */
async function starter(): Promise<number> {
  return Number((await run("echo $PPID")).stdoutTail);
}

test("it is one process, of which we are the parent, for all programs", async () => {
  const pids = await Promise.all([starter(), starter(), starter()]);
  expect(new Set(pids).size).toBe(1);
  const [pid = 0] = pids;
  expect(pid).not.toBe(process.pid);
  expect(readFileSync(`/proc/${pid}/stat`, "latin1")).toContain(` ${process.pid} `);
});

test("a program whose starter is killed is no success, is ended, and the next one has a new starter", async () => {
  const file = path.join(scratchFolder(), "pid");
  const running = run(`echo $$ > ${file}.new; mv ${file}.new ${file}; sleep 1000`);
  const pid = await numberIn(file);
  const first = await starter();
  process.kill(first, "SIGKILL");
  const { end, left } = await running;
  expect([end, left]).toEqual([{ type: "signalled", signal: "unknown" }, []]);
  expect(isRunning(pid)).toBe(false);
  const second = await starter();
  expect([first, process.pid]).not.toContain(second);
});

test("without one we start programs ourselves", async () => {
  startHere();
  expect(await starter()).toBe(process.pid);
});

test("it ends when its channel closes, as it does when its owner is killed, though a program of its still runs", async () => {
  const file = path.join(scratchFolder(), "pid");
  const child = startProcess(process.execPath, [ownProgram("host/starter-child")], {
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  const ended = new Promise((resolve) => child.once("exit", (code) => resolve(code)));
  const args = ["-c", `echo $$ > ${file}; exec sleep 1000`];
  const order = { id: 1, file: "sh", args, cwd: "/", env: workerEnvironment() };
  child.send({ ...order, files: [null, null, null] });
  const pid = await numberIn(file);
  child.disconnect();
  expect(await ended).toBe(0);
  expect(isRunning(pid)).toBe(true);
  process.kill(pid, "SIGKILL");
});
