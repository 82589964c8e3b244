import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { RepoPath } from "../../src/core/id.ts";
import type { Command } from "../../src/core/plan.ts";
import type { Assignment, Place, WorkOutcome } from "../../src/core/worker.ts";
import { markOf, survivorsOf } from "../../src/host/process-tree.ts";
import { detectBubblewrap, type Sandbox } from "../../src/host/sandbox.ts";
import { type CommandWorkerOptions, createCommandWorker } from "../../src/work/command-worker.ts";
import { makePlainPlace, type PlainPlace, type WorkPlace } from "../support/work-place.ts";
import { testWorkerContract, workOn } from "./worker-contract.ts";

const programs = path.join(import.meta.dirname, "../support/programs");
const node = process.execPath;

const listWorker = (name: string, sandbox?: (place: WorkPlace) => (place: Place) => Sandbox) => {
  const make = (place: WorkPlace, command: Command) =>
    createCommandWorker({ name: "program", command, sandbox: sandbox?.(place) });
  testWorkerContract({
    name,
    renaming: (place) => make(place, [node, path.join(programs, "rename.mjs"), "{files}"]),
    failing: (place) => make(place, ["no-such-program"]),
    running: (place, program) => make(place, [node, program, "{files}"]),
  });
};

listWorker("the command worker");

const stringWorker = (command: string) => createCommandWorker({ name: "program", command });
testWorkerContract({
  name: "the command worker through a shell",
  renaming: () => stringWorker(`"${node}" "${programs}/rename.mjs" {files}`),
  failing: () => stringWorker("echo 'one\ntwo' >&2; exit 3"),
});

const bubblewrap = await detectBubblewrap();
if (bubblewrap.available) {
  listWorker("the command worker in a sandbox", ({ checkout, gitDir }) => (place) => ({
    writable: [place.worktree, place.exchange],
    // The fixture programs, wherever this project lies.
    visible: [path.resolve(import.meta.dirname, "../..")],
    protect: [path.join(checkout, ".git"), gitDir, path.join(place.worktree, ".git")],
    network: true,
  }));
}

describe("the command worker", () => {
  let place: PlainPlace;
  beforeEach(() => {
    place = makePlainPlace({ "a.txt": "a\n" });
  });
  afterEach(async () => {
    expect(await survivorsOf(markOf({ run: place.run }))).toEqual([]);
    place.remove();
  });

  const run = (
    command: Command,
    facts: Partial<Assignment> = {},
    options: Partial<CommandWorkerOptions> = {},
  ): Promise<WorkOutcome> =>
    workOn(createCommandWorker({ name: "program", command, ...options }), place, facts);
  const told = () =>
    JSON.parse(readFileSync(path.join(place.exchange, "outbox/told.json"), "utf8")) as {
      args: string[];
      env: Record<string, string>;
      cwd: string;
      input: string;
      task: string;
    };
  const tell = [node, path.join(programs, "tell.mjs")];

  test("gives its program the variables of the contract and none of ours", async () => {
    vi.stubEnv("PLANTED_API_KEY", "secret");
    await run(tell, { attempt: 3 });
    vi.unstubAllEnvs();
    const { env, cwd } = told();
    expect(cwd).toBe(place.worktree);
    expect(env).toMatchObject({
      AGENT_TASK_FILE: path.join(place.exchange, "TASK.md"),
      AGENT_RESULT_FILE: path.join(place.exchange, "RESULT.json"),
      AGENT_WORK_DIR: place.worktree,
      PLEACH_RUN: place.run,
      PLEACH_UNIT: "words",
      PLEACH_ATTEMPT: "3",
      PLEACH_INBOX: path.join(place.exchange, "inbox"),
      PLEACH_OUTBOX: path.join(place.exchange, "outbox"),
    });
    expect(JSON.stringify(env)).not.toContain("secret");
  });

  test("closes its program's input, or gives it the task", async () => {
    await run(tell);
    expect(told().input).toBe("");
    await run(tell, { instructions: "Say ünique words." }, { stdin: "task" });
    expect(told().input).toContain("Say ünique words.");
    expect(told().input).toBe(told().task);
  });

  test("fills in the task file and the files", async () => {
    await run([...tell, "{task}", "{files}"], { files: ["a.txt", "-b"] as RepoPath[] });
    expect(told().args).toEqual([path.join(place.exchange, "TASK.md"), "a.txt", "./-b"]);
  });

  test("names a list of all files, however many", async () => {
    const files = Array.from({ length: 40_000 }, (_, n) => `src/some-folder/${n}.ts` as RepoPath);
    const outcome = await run(`tr '\\0' '\\n' < "$AGENT_FILES_FILE" | wc -l`, { files });
    expect(outcome).toMatchObject({ type: "done", summary: expect.stringMatching(/^\s*40000\n$/) });
  });

  test.each<[string, Command]>([
    ["a list", ["true", "{files}"]],
    ["a part of a list", ["true", "--files={files}"]],
    ["a string", "true {files}; env true {files}"],
  ])(
    "more files than fit on the command line of %s are a failure that says where they are",
    async (_, command) => {
      const folder = "some-very-long-name-of-a-folder/".repeat(6);
      const files = Array.from({ length: 40_000 }, (_, n) => `${folder}${n}.ts` as RepoPath);
      expect(await run(command, { files })).toMatchObject({
        type: "failed",
        message:
          "the unit's 40000 files do not fit on a command line: instead of {files} read the file that AGENT_FILES_FILE names",
      });
    },
  );

  test.each<[string, Command, Partial<WorkOutcome>]>([
    ["exits with 0", "echo did it", { type: "done", summary: "did it\n", artifacts: [] }],
    ["prints only errors", "echo did it >&2", { type: "done", summary: "did it\n" }],
    [
      "exits with another code",
      "echo half; echo no such thing >&2; exit 3",
      { type: "failed", message: "the command exited with 3: no such thing", summary: "half\n" },
    ],
    ["is killed", "kill -9 $$", { type: "failed", message: "the command was killed by SIGKILL" }],
    [
      "is not found",
      ["no-such-program"],
      {
        type: "failed",
        message: 'the command could not be started: there is no program "no-such-program"',
      },
    ],
  ])("without a result, the end of a program decides: it %s", async (_, command, outcome) => {
    expect(await run(command)).toMatchObject(outcome);
  });

  test("a program that the shell does not find is said to be not found", async () => {
    expect(await run("no-such-program")).toMatchObject({
      message: expect.stringMatching(
        /^the command exited with 127 \(command not found\): .*no-such/,
      ),
    });
  });

  test.each<[string, string, string, Partial<WorkOutcome>]>([
    [
      "success outweighs a bad exit code",
      '{"success":true,"output":"did it","artifacts":["a.txt"]}',
      "exit 3",
      { type: "done", summary: "did it", artifacts: ["a.txt"] },
    ],
    [
      "a missing success is true",
      "{}",
      "echo did it; exit 3",
      { type: "done", summary: "did it\n" },
    ],
    [
      "failure outweighs a good exit code",
      '{"success":false,"output":"cannot\\nbe done"}',
      "exit 0",
      {
        type: "failed",
        message: "the worker says that it failed: be done",
        summary: "cannot\nbe done",
      },
    ],
    [
      "what cannot be read is a failure",
      '{"success":',
      "exit 0",
      { type: "failed", message: expect.stringMatching(/^RESULT\.json cannot be used: /) },
    ],
  ])("of a result, %s", async (_, result, end, outcome) => {
    writeFileSync(path.join(place.folder, "result"), result);
    expect(await run(`cp ../../result "$AGENT_RESULT_FILE"; ${end}`)).toMatchObject(outcome);
  });

  test("a result that lay there before is not believed", async () => {
    writeFileSync(path.join(place.exchange, "RESULT.json"), '{"success":true}');
    expect(await run("exit 3")).toMatchObject({ type: "failed" });
  });

  test("a program past its timeout has failed, whatever result it wrote", async () => {
    const command = `echo '{}' > "$AGENT_RESULT_FILE"; exec sleep 60`;
    expect(await run(command, { timeoutMs: 100 })).toMatchObject({
      type: "failed",
      message: "the command timed out after 0.1 s",
    });
  });

  test("terminal escapes stay in the summary, which is data; a message shows none", async () => {
    const escapes = path.join(programs, "escapes.sh");
    const outcome = await run(`sh ${escapes}; exit 1`);
    expect(outcome).toMatchObject({
      message: "the command exited with 1: done",
      summary: "\x1b[31mred\x1b[0m \x1b]0;title\x07\x1b[2J\r done\n",
    });
  });

  test("the summary is the last 5,000 characters of what it printed", async () => {
    const numbers = Array.from({ length: 5000 }, (_, index) => `${index + 1}\n`).join("");
    expect(await run("seq 5000")).toMatchObject({ summary: numbers.slice(-5000) });
  });

  test("a flood of output ends in a log of limited size", async () => {
    const outcome = await run([node, path.join(programs, "flood.mjs"), "60"]);
    expect(outcome).toMatchObject({ type: "done" });
    expect(readFileSync(path.join(place.record, "output.log")).length).toBeLessThan(51_000_000);
  });

  test("tells the last line of its output while it works", async () => {
    const controller = new AbortController();
    const lines: string[] = [];
    const worker = createCommandWorker({ name: "p", command: [node, `${programs}/hang.mjs`] });
    const outcome = await workOn(worker, place, {}, controller.signal, ({ text }) => {
      lines.push(text);
      controller.abort();
    });
    expect(outcome).toEqual({ type: "stopped" });
    expect(lines).toEqual(["ready"]);
  });
});
