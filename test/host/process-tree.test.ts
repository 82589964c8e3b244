import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { lookAtProcesses } from "../../src/host/process-look.ts";
import { readProcess } from "../../src/host/process-table.ts";
import { endSurvivors, endTree, survivorsOf } from "../../src/host/process-tree.ts";
import { detectBubblewrap } from "../../src/host/sandbox.ts";
import { compileRooms } from "../support/compiled.ts";
import { isRunning, numberIn, runningWith, scratchFolder } from "../support/scratch.ts";

let compiled: ReturnType<typeof compileRooms>;
beforeAll(() => {
  compiled = compileRooms(["core", "host"]);
});
afterAll(() => compiled.remove());

const detected = await detectBubblewrap();

/** A Node process that runs `command` by runProcess and is then killed as a machine kills: at once. */
async function killedRunner(options: { folder: string; run: string; sandbox: boolean }) {
  const { folder, run, sandbox } = options;
  const pidFile = path.join(folder, "pid");
  const request = {
    command: `trap '' TERM; (setsid sleep 1000 &) ; echo $$ > "${pidFile}"; sleep 1000; true`,
    cwd: folder,
    env: { PATH: process.env["PATH"] ?? "" },
    mark: { PLEACH_RUN: run, PLEACH_UNIT: "a", PLEACH_ATTEMPT: "1" },
    ...(sandbox ? { sandbox: { writable: [folder], protect: [], network: true } } : {}),
  };
  const script = path.join(compiled.folder, `runner-${run}.js`);
  writeFileSync(
    script,
    `import { runProcess } from "./host/run-process.js";
     await runProcess({ ...${JSON.stringify(request)}, signal: new AbortController().signal });`,
  );
  const runner = spawn(process.execPath, [script], { stdio: "inherit" });
  await numberIn(pidFile);
  const before = runningWith(`PLEACH_RUN=${run}`);
  runner.kill("SIGKILL");
  await once(runner, "exit");
  return before;
}

describe("after the runner was killed", () => {
  test("its programs and their daemons are found by their mark and ended", async () => {
    const run = `killed-${process.pid}`;
    const before = await killedRunner({ folder: scratchFolder(), run, sandbox: false });
    expect(before.length).toBeGreaterThanOrEqual(2);
    expect(before.filter(isRunning)).toEqual(before);
    expect(await survivorsOf({ PLEACH_RUN: run, PLEACH_UNIT: "another" })).toEqual([]);
    const ended = await endSurvivors({ PLEACH_RUN: run });
    expect(ended.found).toEqual(expect.arrayContaining(before));
    expect(ended.left).toEqual([]);
    expect(runningWith(`PLEACH_RUN=${run}`)).toEqual([]);
    expect(await endSurvivors({ PLEACH_RUN: run })).toEqual({ found: [], left: [] });
  });

  test.runIf(detected.available)("its sandboxes end by themselves", async () => {
    const run = `sandboxed-${process.pid}`;
    const before = await killedRunner({ folder: scratchFolder(), run, sandbox: true });
    expect(before.length).toBeGreaterThanOrEqual(3);
    await vi.waitUntil(() => !before.some(isRunning), { timeout: 5000, interval: 5 });
  });
});

describe("what is spared", () => {
  test("a program in which a person has named the run but which we did not start", async () => {
    const run = `person-${process.pid}`;
    const editor = spawn("sleep", ["1000"], { env: { ...process.env, PLEACH_RUN: run } });
    onTestFinished(() => void editor.kill("SIGKILL"));
    expect(await endSurvivors({ PLEACH_RUN: run })).toEqual({ found: [], left: [] });
    expect(isRunning(editor.pid ?? 0)).toBe(true);
  });

  test("we ourselves and those who started us, also when they carry the mark", async () => {
    const folder = scratchFolder();
    const run = `inside-${process.pid}`;
    const script = path.join(compiled.folder, `${run}.js`);
    writeFileSync(
      script,
      `import { endSurvivors } from "./host/process-tree.js";
       console.log(JSON.stringify(await endSurvivors({ PLEACH_RUN: ${JSON.stringify(run)} })));`,
    );
    const shell = spawn(
      "sh",
      ["-c", `sleep 1000 & "${process.execPath}" "${script}"; echo shell lives`],
      {
        cwd: folder,
        env: { ...process.env, PLEACH_RUN: run, PLEACH_PROCESS: "x" },
      },
    );
    let said = "";
    shell.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    await once(shell, "close");
    const [answer = "", last] = said.trim().split("\n");
    expect(last).toBe("shell lives");
    expect(JSON.parse(answer)).toEqual({ found: [expect.any(Number)], left: [] });
  });

  test("everybody, if no mark is given", async () => {
    await expect(endSurvivors({})).rejects.toThrow("survivors need a mark");
  });
});

test("a mark is matched whole, or with more after a slash", async () => {
  const start = (value: string) => {
    const env = { PATH: "/usr/bin:/bin", PLEACH_RUN: value, PLEACH_PROCESS: "x" };
    const child = spawn("sleep", ["1000"], { env });
    onTestFinished(() => void child.kill("SIGKILL"));
    return child.pid ?? 0;
  };
  const run = `whole-${process.pid}`;
  const pids = [start(run), start(`${run}/inner`), start(`${run}0`), start(`x${run}`)];
  const found = await survivorsOf({ PLEACH_RUN: run });
  expect(pids.map((pid) => found.includes(pid))).toEqual([true, true, false, false]);
});

test("a descendant that cleared its environment is ended with its living parent", async () => {
  const child = spawn("sh", ["-c", "env -i setsid sleep 1000 & echo $!; wait"], {
    env: { PATH: "/usr/bin:/bin" },
    stdio: ["ignore", "pipe", "ignore"],
    detached: true,
  });
  const [chunk] = (await once(child.stdout, "data")) as [Buffer];
  const root = child.pid ?? 0;
  const left = await endTree({
    pid: root,
    start: readProcess(root)?.start ?? 0,
    since: performance.now(),
    mark: { PLEACH_PROCESS: "none" },
    sandboxed: false,
  });
  expect(left).toEqual([]);
  expect([root, Number(chunk.toString())].map(isRunning)).toEqual([false, false]);
});

test("who asks at the same time shares one look, and nobody gets one that was made before they asked", async () => {
  const [one, other] = await Promise.all([lookAtProcesses(), lookAtProcesses()]);
  expect(one).toBe(other);
  const child = spawn("sleep", ["1000"]);
  const pid = child.pid ?? 0;
  const later = await lookAtProcesses();
  expect(one.rows(0).some((row) => row.pid === pid)).toBe(false);
  expect(later.rows(pid - 1).find((row) => row.pid === pid)?.parent).toBe(process.pid);
  child.kill("SIGKILL");
  await once(child, "exit");
});

test("the table of processes shows us, with our parent, and no dead", async () => {
  const rows = (await lookAtProcesses()).rows(0);
  expect(rows.find((row) => row.pid === process.pid)).toMatchObject({ parent: process.ppid });
  const child = spawn("true");
  const row = readProcess(child.pid ?? 0);
  expect(row?.parent ?? process.pid).toBe(process.pid);
  await once(child, "exit");
  expect(readProcess(child.pid ?? 0)).toBeUndefined();
});
