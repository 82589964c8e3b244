import { readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunId, UnitId } from "../../src/core/id.ts";
import { workerEnvironment } from "../../src/host/environment.ts";
import { markOf } from "../../src/host/process-tree.ts";
import { type ProcessRequest, runProcess, succeeded } from "../../src/host/run-process.ts";
import { startApart, startHere } from "../../src/host/starter.ts";
import { isRunning, numberIn, program, runningWith, scratchFolder } from "../support/scratch.ts";

const never = new AbortController().signal;
const run = "20261120-1430-k3f9" as RunId;

function request(
  command: ProcessRequest["command"],
  rest: Partial<ProcessRequest> = {},
): ProcessRequest {
  return { command, cwd: "/", env: workerEnvironment(), signal: never, ...rest };
}

/** Leaves its group, its session and its parents, and writes its pid. */
function daemon(pidFile: string): string {
  return `(setsid sh -c 'echo $$ > "${pidFile}.new"; mv "${pidFile}.new" "${pidFile}"; exec sleep 1000' &) ;`;
}

const untilThere = (file: string) => `until [ -e "${file}" ]; do sleep 0.01; done;`;

/** Whoever starts it, a program is the same. */
describe.each([
  ["ourselves", startHere],
  ["a process of ours", startApart],
] as const)("started by %s", (_, say) => {
  beforeAll(say);
  afterAll(startHere);

  describe("the answer", () => {
    test("tells the exit code and what was printed on each stream", async () => {
      const result = await runProcess(request("echo out; echo err >&2; exit 3"));
      expect(result).toEqual({
        end: { type: "exited", code: 3 },
        stdoutTail: "out\n",
        stderrTail: "err\n",
        seconds: expect.any(Number),
        left: [],
      });
      expect(succeeded(result)).toBe(false);
    });

    test("is success only for exit code 0", async () => {
      expect(succeeded(await runProcess(request(["true"])))).toBe(true);
      expect(succeeded(await runProcess(request(["false"])))).toBe(false);
    });

    test("names the signal of a program that was killed, and that is no success", async () => {
      const result = await runProcess(request("kill -9 $$"));
      expect(result.end).toEqual({ type: "signalled", signal: "SIGKILL" });
      expect(succeeded(result)).toBe(false);
    });

    test("passes the arguments of a list on as they are, without a shell", async () => {
      const result = await runProcess(request(["printf", "%s|", "$(id)", "a b", "*"]));
      expect(result.stdoutTail).toBe("$(id)|a b|*|");
    });

    test("hides our own environment and shows the mark", async () => {
      const mark = markOf({ run, unit: "core" as UnitId, attempt: 2 });
      const result = await runProcess(request(["env"], { env: { PATH: "/usr/bin:/bin" }, mark }));
      const names = result.stdoutTail.trim().split("\n").sort();
      expect(names).toEqual([
        "PATH=/usr/bin:/bin",
        "PLEACH_ATTEMPT=2",
        expect.stringMatching(/^PLEACH_PROCESS=\d+-[0-9a-f]{16}$/),
        "PLEACH_RUN=20261120-1430-k3f9",
        "PLEACH_UNIT=core",
      ]);
    });

    test("keeps the last 64 KB of a stream and cuts no character in two", async () => {
      const result = await runProcess(
        request(["node", "-e", "process.stdout.write('x'+'é'.repeat(50000))"]),
      );
      expect(result.stdoutTail).toBe("é".repeat(32 * 1024));
    });

    test("comes for forty programs at once, each with its own output", async () => {
      const results = await Promise.all(
        Array.from({ length: 40 }, (_, index) => runProcess(request(["echo", `${index}`]))),
      );
      expect(results.map((result) => result.stdoutTail)).toEqual(
        results.map((_, index) => `${index}\n`),
      );
    });
  });

  describe("stdin and stdout", () => {
    test("stdin is closed for a program that gets no input", async () => {
      const result = await runProcess(request("cat; echo end", { timeoutMs: 20_000 }));
      expect([result.end, result.stdoutTail]).toEqual([{ type: "exited", code: 0 }, "end\n"]);
    });

    test("input of any size is read to its end", async () => {
      const input = "żółw\n".repeat(300_000);
      const result = await runProcess(request("wc -c", { input }));
      expect(Number(result.stdoutTail)).toBe(Buffer.byteLength(input));
    });

    test("a program that does not read its input is not waited for", async () => {
      const result = await runProcess(request(["true"], { input: "x".repeat(5_000_000) }));
      expect(result.end).toEqual({ type: "exited", code: 0 });
    });

    test("a program may open /dev/stderr and /dev/stdout by name", async () => {
      const result = await runProcess(request("echo a > /dev/stderr && echo b > /dev/stdout"));
      expect([result.stdoutTail, result.stderrTail]).toEqual(["b\n", "a\n"]);
    });

    test("bash does not take us for a remote login that wants ~/.bashrc", async () => {
      const home = scratchFolder();
      writeFileSync(path.join(home, ".bashrc"), "echo sourced\n");
      const env = { ...workerEnvironment(), HOME: home };
      const result = await runProcess(request(["bash", "-c", "echo ran"], { env, input: "text" }));
      expect(result.stdoutTail).toBe("ran\n");
    });
  });

  describe("a program that cannot be started", () => {
    const whyNot = async (asked: ProcessRequest) => {
      const { end } = await runProcess(asked);
      return end.type === "not_started" ? end.message : end;
    };

    test("is missing", async () => {
      expect(await whyNot(request(["no-such-program", "-x"]))).toBe(
        'there is no program "no-such-program"',
      );
    });

    test("may not be executed", async () => {
      const file = path.join(scratchFolder(), "plain");
      writeFileSync(file, "#!/bin/sh\n", { mode: 0o644 });
      expect(await whyNot(request([file]))).toBe(`"${file}" may not be executed (see its mode)`);
    });

    test("names an interpreter that is missing", async () => {
      const file = program(scratchFolder(), "script", "#!/no/such/interpreter\n");
      expect(await whyNot(request([file]))).toBe(
        `the interpreter that "${file}" names in its first line is missing`,
      );
    });

    test("was to run in a folder that does not exist, or is none", async () => {
      const file = program(scratchFolder(), "script", "");
      expect(await whyNot(request(["true"], { cwd: `${file}-not` }))).toBe(
        `the folder ${file}-not, where it was to run, does not exist`,
      );
      expect(await whyNot(request(["true"], { cwd: file }))).toBe(
        `${file}, where it was to run, is not a folder`,
      );
    });

    test("has no name, or one with a NUL in it, or more arguments than fit", async () => {
      expect(await whyNot(request([]))).toBe("the command is empty");
      expect(await whyNot(request(["a\0b"]))).toMatch(/could not be started/);
      expect(await whyNot(request(["true", "x".repeat(5_000_000)]))).toMatch(
        /could not be started/,
      );
    });

    test("is not started at all for a signal that is aborted already", async () => {
      const file = path.join(scratchFolder(), "touched");
      const result = await runProcess(request(["touch", file], { signal: AbortSignal.abort() }));
      expect(result.end).toEqual({ type: "aborted" });
      expect(() => statSync(file)).toThrow(/ENOENT/);
    });
  });

  describe("the whole tree ends", () => {
    test("when the program has exited and left a child that holds its output", async () => {
      const result = await runProcess(request("sleep 1000 & echo $!"));
      expect(result.end).toEqual({ type: "exited", code: 0 });
      expect(result.left).toEqual([]);
      expect(isRunning(Number(result.stdoutTail))).toBe(false);
      expect(result.seconds).toBeLessThan(5);
    });

    test("when the program has exited and left a daemon outside its group and session", async () => {
      const file = path.join(scratchFolder(), "pid");
      const result = await runProcess(request(`${daemon(file)} ${untilThere(file)}`));
      expect(result.end).toEqual({ type: "exited", code: 0 });
      expect(isRunning(await numberIn(file))).toBe(false);
    });

    test("when the program exits in the very moment in which a daemon starts", async () => {
      // Whether the daemon is seen between two programs is a matter of luck: so more than once.
      for (let round = 0; round < 10; round += 1) {
        const mark = { PLEACH_ROUND: `${process.pid}-${round}` };
        await runProcess(request("(setsid setsid env sleep 999.5 &)", { mark }));
        expect(runningWith(`PLEACH_ROUND=${process.pid}-${round}`)).toEqual([]);
      }
    });

    test("at the timeout, though all of it ignores SIGTERM", async () => {
      const file = path.join(scratchFolder(), "pid");
      const stubborn = `trap '' TERM INT HUP; ${daemon(file)} ${untilThere(file)} while :; do sleep 0.1; done`;
      const begun = performance.now();
      const result = await runProcess(request(stubborn, { timeoutMs: 300 }));
      expect(result.end).toEqual({ type: "timed_out" });
      expect(result.left).toEqual([]);
      expect(performance.now() - begun).toBeLessThan(5300);
      expect(isRunning(await numberIn(file))).toBe(false);
    });

    test("when it is aborted, after SIGTERM gave it the time to tidy up", async () => {
      const folder = scratchFolder();
      const stop = new AbortController();
      const tidy = `trap 'echo tidied; exit 0' TERM; echo $$ > ${folder}/pid; while :; do sleep 0.02; done`;
      const running = runProcess(request(tidy, { signal: stop.signal }));
      await numberIn(`${folder}/pid`);
      stop.abort();
      const result = await running;
      expect(result.end).toEqual({ type: "aborted" });
      expect(result.stdoutTail).toBe("tidied\n");
      expect(result.seconds).toBeLessThan(5);
    });

    test("when it is stopped and cannot hear a SIGTERM", async () => {
      const result = await runProcess(request("kill -STOP $$", { timeoutMs: 200 }));
      expect(result.end).toEqual({ type: "timed_out" });
      expect(result.left).toEqual([]);
    });

    test("while it forks on and on, each child in a session of its own", async () => {
      const folder = scratchFolder();
      const loop = program(
        folder,
        "loop",
        '#!/bin/sh\ntrap "" TERM\necho $$ >> "$1"\n[ "$2" -gt 0 ] && setsid "$0" "$1" $(($2 - 1)) &\nsleep 1000\n',
      );
      const pids = path.join(folder, "pids");
      const stop = new AbortController();
      const running = runProcess(request([loop, pids, "150"], { signal: stop.signal }));
      await numberIn(pids);
      stop.abort();
      const result = await running;
      expect(result.left).toEqual([]);
      expect(result.seconds).toBeLessThan(6);
      const started = readFileSync(pids, "utf8").trim().split("\n").map(Number);
      expect(started.filter(isRunning)).toEqual([]);
    });

    test("and only this tree: another attempt of the same unit goes on", async () => {
      const folder = scratchFolder();
      const [first, second] = [new AbortController(), new AbortController()];
      const begin = (attempt: number, signal: AbortSignal) => {
        const file = path.join(folder, `${attempt}`);
        const mark = markOf({ run, unit: "core" as UnitId, attempt });
        return runProcess(
          request(`${daemon(file)} echo $$ > ${file}.shell; sleep 1000`, { signal, mark }),
        );
      };
      const running = [begin(1, first.signal), begin(2, second.signal)];
      const pids = await Promise.all(
        ["1", "1.shell", "2", "2.shell"].map((name) => numberIn(path.join(folder, name))),
      );
      first.abort();
      await running[0];
      expect(pids.map(isRunning)).toEqual([false, false, true, true]);
      second.abort();
      await running[1];
      expect(pids.map(isRunning)).toEqual([false, false, false, false]);
    });

    test("and only this tree: two programs with the very same mark do not end each other", async () => {
      const folder = scratchFolder();
      const stop = new AbortController();
      const mark = markOf({ run });
      const file = path.join(folder, "pid");
      const long = runProcess(request(`${daemon(file)} sleep 1000`, { mark, signal: stop.signal }));
      const pid = await numberIn(file);
      await runProcess(request(["true"], { mark }));
      await runProcess(request("sleep 1000", { mark, timeoutMs: 50 }));
      expect(isRunning(pid)).toBe(true);
      stop.abort();
      await long;
      expect(isRunning(pid)).toBe(false);
    });

    test("at a timeout of any size, which is none for a short program", async () => {
      const result = await runProcess(request("sleep 0.1", { timeoutMs: 2 ** 40 }));
      expect(result.end).toEqual({ type: "exited", code: 0 });
    });
  });

  describe("the log", () => {
    test("holds both streams after what was there", async () => {
      const logFile = path.join(scratchFolder(), "log");
      writeFileSync(logFile, "before\n");
      await runProcess(request("echo out; echo err >&2", { logFile }));
      const lines = readFileSync(logFile, "utf8").trim().split("\n");
      expect([lines[0], ...lines.slice(1).sort()]).toEqual(["before", "err", "out"]);
    });

    test("says where it was cut, and is no longer than that", async () => {
      const logFile = path.join(scratchFolder(), "log");
      const result = await runProcess(
        request("printf 0123456789; printf end", { logFile, outputBytesMax: 8 }),
      );
      expect(readFileSync(logFile, "utf8")).toBe(
        "01234567\n[pleach: output after 8 bytes is left out]\n",
      );
      expect(result.stdoutTail).toBe("0123456789end");
    });

    test("and our memory stay small while a program prints 100 MB", async () => {
      const logFile = path.join(scratchFolder(), "log");
      const before = process.memoryUsage.rss();
      const result = await runProcess(
        request("yes 'a long line of no use' | head -c 100000000; echo; echo last", {
          logFile,
          outputBytesMax: 1_000_000,
        }),
      );
      expect(result.stdoutTail.slice(-6)).toBe("\nlast\n");
      expect(result.stdoutTail.length).toBeLessThanOrEqual(64 * 1024);
      expect(statSync(logFile).size).toBeLessThan(1_000_100);
      expect(process.memoryUsage.rss() - before).toBeLessThan(150_000_000);
    });

    test("on a full disk ends the program and is a failure of the environment", async () => {
      const folder = scratchFolder();
      const running = runProcess(
        request(`echo $$ > ${folder}/pid; echo text; sleep 1000`, { logFile: "/dev/full" }),
      );
      await expect(running).rejects.toMatchObject({ kind: "environment", code: "disk_full" });
      expect(isRunning(await numberIn(`${folder}/pid`))).toBe(false);
    });
  });
});
