/** Runs one program of others (a worker, a check, a set-up step) to its end and beyond: when it answers, nothing that the
 *  program started is left running. It must never wait for a grandchild that holds the output, and never take a program
 *  that was killed for one that succeeded. */
import { randomBytes } from "node:crypto";
import { setMaxListeners } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "../core/plan.ts";
import type { Sandbox } from "./bubblewrap.ts";
import { errorCode, fileFailure } from "./file.ts";
import { makeTail, type OutputLog, openLog, type ProgramOutput } from "./output.ts";
import {
  endSurvivors,
  endTree,
  type Mark,
  type ProcessTree,
  processVariable,
} from "./process-tree.ts";
import { redactedLog } from "./redacted-log.ts";
import { type Program, startProgram } from "./start-program.ts";
import type { Exit } from "./starter.ts";

export interface ProcessRequest {
  /** A string is run by `sh -c`, a list without a shell. */
  readonly command: Command;
  readonly cwd: string;
  /** Complete: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** Put into the environment too, so that a later process can find what is left: see `markOf`. */
  readonly mark?: Mark;
  /** The text of stdin; closed if absent. */
  readonly input?: string;
  readonly timeoutMs?: number;
  readonly signal: AbortSignal;
  /** Where both streams are added, up to `outputBytesMax`. Its folder exists. */
  readonly logFile?: string;
  readonly outputBytesMax?: number;
  /** Put over all that is kept of what it prints. */
  readonly redact?: (text: string) => string;
  readonly sandbox?: Sandbox;
}

export type ProcessEnd =
  | { readonly type: "exited"; readonly code: number }
  | { readonly type: "signalled"; readonly signal: string }
  | { readonly type: "timed_out" }
  | { readonly type: "aborted" }
  | { readonly type: "not_started"; readonly message: string };

export interface ProcessResult {
  readonly end: ProcessEnd;
  /** The last 64 KB of each stream. */
  readonly stdoutTail: string;
  readonly stderrTail: string;
  readonly seconds: number;
  /** Pids of processes that could not be ended, in all ordinary cases none. */
  readonly left: readonly number[];
}

/** Only a program that ended by itself with 0 succeeded. */
export function succeeded(result: ProcessResult): boolean {
  return result.end.type === "exited" && result.end.code === 0;
}

const logBytesMax = 50 * 1024 * 1024;
const timerMsMax = 2 ** 31 - 1;
/** After the whole tree has ended: for its exit to be told, and for what is still in the pipes. */
const exitWaitMs = 300;
const drainMs = 300;

const waitRounds = 10;

type Taker = (chunk: Buffer) => void;
interface Stop {
  readonly type: "timed_out" | "aborted";
}

/** Settles within five seconds of the timeout or the abort. Throws a Failure only where the log cannot be written. */
export async function runProcess(request: ProcessRequest): Promise<ProcessResult> {
  const begun = performance.now();
  if (request.signal.aborted) return unstarted({ type: "aborted" }, begun);
  let log: OutputLog | undefined;
  try {
    if (request.logFile !== undefined) {
      const open = openLog(request.logFile, request.outputBytesMax ?? logBytesMax);
      log = request.redact === undefined ? open : redactedLog(open, request.redact);
    }
    const result = await runLogged(request, log, begun);
    log?.end();
    return result;
  } catch (error) {
    throw errorCode(error) === undefined
      ? error
      : fileFailure(error, "keep the output of a program");
  } finally {
    log?.close();
  }
}

async function runLogged(
  request: ProcessRequest,
  log: OutputLog | undefined,
  begun: number,
): Promise<ProcessResult> {
  const { redact = (text: string) => text } = request;
  // The one that is no other's comes first: it tells at once whose a process is not.
  const mark = { [processVariable]: newProcessName(), ...request.mark };
  const program = await startProgram({ ...request, env: { ...request.env, ...mark } });
  if ("whyNot" in program) {
    // Whoever was to start it may have ended in the very moment in which it had.
    await endSurvivors(mark, { graceMs: 0 });
    return unstarted({ type: "not_started", message: program.whyNot }, begun);
  }
  const tree = treeOf(program, mark, request.sandbox !== undefined);
  const { exit } = program;
  const stopper = watch(request, log);
  const tails = { stdout: makeTail(), stderr: makeTail(), status: makeTail() };
  const outputs: readonly [ProgramOutput | undefined, readonly Taker[]][] = [
    [program.stdout, [tails.stdout.add, stopper.logOf("stdout")]],
    [program.stderr, [tails.stderr.add, stopper.logOf("stderr")]],
    [program.status, [tails.status.add]],
  ];
  const closed = Promise.all(
    outputs.map(([output, takers]) =>
      output?.takeIn((chunk) => {
        for (const take of takers) take(chunk);
      }),
    ),
  );
  const first = await Promise.race([exit, stopper.stopped]);
  stopper.dispose();
  const left = await endTree(tree);
  if ((await within(exit, exitWaitMs)) === undefined) program.letGo();
  await within(closed, drainMs);
  for (const [output] of outputs) output?.close();
  if (stopper.failure() !== undefined) throw stopper.failure();
  return {
    end:
      "type" in first
        ? first
        : endOf(first, tree, tails.status.text(), redact(tails.stderr.text())),
    stdoutTail: redact(tails.stdout.text()),
    stderrTail: redact(tails.stderr.text()),
    seconds: (performance.now() - begun) / 1000,
    left,
  };
}

function treeOf(program: Program, mark: Mark, sandboxed: boolean): ProcessTree {
  const { pid, start } = program;
  return { pid, start, since: performance.now(), mark, sandboxed };
}

function endOf(exit: Exit, tree: ProcessTree, status: string, stderr: string): ProcessEnd {
  if (exit.code === null) return { type: "signalled", signal: exit.signal ?? "unknown" };
  // Bubblewrap tells an exit code only of a command that began; its own failures are no answer of the command.
  if (tree.sandboxed && !status.includes('"exit-code"')) {
    const said = stderr.trim().split("\n").at(-1) ?? "";
    return { type: "not_started", message: `the sandbox could not start it: ${said}` };
  }
  return { type: "exited", code: exit.code };
}

/** Tells once why the program is to be stopped before its end, and keeps its log: one that cannot be written stops it. */
function watch(request: ProcessRequest, log: OutputLog | undefined) {
  let stop: (why: Stop) => void = () => undefined;
  let failure: unknown;
  const stopped = new Promise<Stop>((resolve) => {
    stop = resolve;
  });
  const abort = () => stop({ type: "aborted" });
  // One signal stops many programs at once; that is no leak to warn of.
  setMaxListeners(0, request.signal);
  request.signal.addEventListener("abort", abort, { once: true });
  if (request.signal.aborted) abort();
  const timer =
    request.timeoutMs === undefined
      ? undefined
      : setTimeout(() => stop({ type: "timed_out" }), Math.min(request.timeoutMs, timerMsMax));
  return {
    stopped,
    logOf: (stream: "stdout" | "stderr") => (chunk: Buffer) => {
      if (failure !== undefined) return;
      try {
        log?.add(chunk, stream);
      } catch (error) {
        failure = error;
        stop({ type: "aborted" });
      }
    },
    failure: () => failure,
    dispose: () => {
      clearTimeout(timer);
      request.signal.removeEventListener("abort", abort);
    },
  };
}

/** Waits in several rounds, not by the clock alone: after a long block of our own loop the timers come first, and what has
 *  come in meanwhile must still be read. */
async function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  let answer: { value: T } | undefined;
  const answered = promise.then((value) => {
    answer = { value };
  });
  for (let round = 0; round < waitRounds && answer === undefined; round += 1) {
    const timer = new AbortController();
    const late = delay(ms / waitRounds, undefined, { signal: timer.signal });
    // Aborting the delay is how it is taken back.
    await Promise.race([answered, late.catch(() => undefined)]);
    timer.abort();
  }
  return answer?.value;
}

/** A name that no other process of this machine has; a Pleach within a Pleach adds its own to the outer one's. */
function newProcessName(): string {
  const outer = process.env[processVariable];
  const own = `${process.pid}-${randomBytes(8).toString("hex")}`;
  return outer === undefined ? own : `${outer}/${own}`;
}

function unstarted(end: ProcessEnd, begun: number): ProcessResult {
  const seconds = (performance.now() - begun) / 1000;
  return { end, stdoutTail: "", stderrTail: "", seconds, left: [] };
}
