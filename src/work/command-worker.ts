/** The command worker: any program that reads TASK.md and changes files, such as another agent's command line. Its word is
 *  RESULT.json, else its exit code; its work is only what differs in the worktree, which others judge. */
import path from "node:path";
import type { Redact } from "../agent/redaction.ts";
import type { Desk } from "../core/desk.ts";
import { unreachable } from "../core/failure.ts";
import type { Command } from "../core/plan.ts";
import type { Assignment, Place, Worker, WorkOutcome } from "../core/worker.ts";
import { workerEnvironment } from "../host/environment.ts";
import { readTextIfThere } from "../host/file.ts";
import { markOf } from "../host/process-tree.ts";
import { type ProcessResult, runProcess } from "../host/run-process.ts";
import type { Sandbox } from "../host/sandbox.ts";
import { exchangeEnvironment, prepareExchange } from "./exchange.ts";
import { openMail } from "./exchange-mail.ts";
import { followLog, outputBytesMax } from "./output-log.ts";
import { fillPlaceholders, takesFiles } from "./placeholder.ts";
import { whatWentWrong } from "./process-end.ts";
import { readResult, type WorkerResult } from "./result-file.ts";
import { lastLineOf, tailOf } from "./tail.ts";

/** The worker's whole output, in the record of its attempt. */
export const outputLog = "output.log";

/** The loop stops an attempt at its timeout; this ends the program where the loop could not. */
const timeoutGraceMs = 2000;

export interface CommandWorkerOptions {
  readonly name: string;
  readonly command: Command;
  /** `task` gives it the text of TASK.md; otherwise its input is closed. */
  readonly stdin?: "task" | undefined;
  /** What hides the machine from it; absent where it runs without a sandbox. */
  readonly sandbox?: ((place: Place) => Sandbox) | undefined;
  /** Takes keys out of what is kept of its words. */
  readonly redact?: Redact | undefined;
}

/** A worker that runs `command` in the worktree. The `log` of a failure is relative to the record of the attempt. */
export function createCommandWorker(options: CommandWorkerOptions): Worker {
  return {
    name: options.name,
    async work(assignment, place, desk, signal) {
      if (signal.aborted) return { type: "stopped" };
      const result = await runCommand(options, assignment, place, desk, signal);
      if (signal.aborted) return { type: "stopped" };
      return outcomeOf(options.command, assignment, result.process, result.said);
    },
  };
}

async function runCommand(
  { command, stdin, sandbox, redact }: CommandWorkerOptions,
  assignment: Assignment,
  place: Place,
  desk: Desk,
  signal: AbortSignal,
): Promise<{ process: ProcessResult; said: WorkerResult }> {
  const { run, unit, attempt, files } = assignment;
  const paths = await prepareExchange(assignment, place.exchange);
  const logFile = path.join(place.record, outputLog);
  const input = stdin === "task" ? await readTextIfThere(paths.task) : undefined;
  const mail = openMail(paths, desk);
  const follower = followLog(logFile, (text) => desk.report({ unit, text }));
  try {
    const result = await runProcess({
      command: fillPlaceholders(command, { task: paths.task, files }),
      cwd: place.worktree,
      env: workerEnvironment(exchangeEnvironment(assignment, place.worktree, paths)),
      mark: markOf({ run, unit, attempt }),
      timeoutMs: assignment.timeoutMs + timeoutGraceMs,
      signal,
      logFile,
      outputBytesMax,
      ...(input === undefined ? {} : { input }),
      ...(sandbox === undefined ? {} : { sandbox: sandbox(place) }),
      ...(redact === undefined ? {} : { redact }),
    });
    return { process: result, said: readResult(paths.result) };
  } finally {
    follower.stop();
    await mail.close();
  }
}

function outcomeOf(
  command: Command,
  assignment: Assignment,
  result: ProcessResult,
  said: WorkerResult,
): WorkOutcome {
  const summary = summaryOf(result, said);
  const failed = (message: string): WorkOutcome => {
    return { type: "failed", message, summary, log: outputLog };
  };
  const wrong = whatWentWrong(result, assignment.timeoutMs);
  if (wrong !== undefined && (said.type === "absent" || !mayBeOutweighed(result))) {
    return failed(whyItFailed(command, assignment, result, wrong));
  }
  switch (said.type) {
    case "absent":
      return { type: "done", summary, artifacts: [] };
    case "malformed":
      return failed(said.message);
    case "said":
      if (said.success) return { type: "done", summary, artifacts: said.artifacts };
      return failed(`the worker says that it failed${colon(lastLineOf(summary))}`);
    default:
      return unreachable(said);
  }
}

/** A result outweighs how the program ended by itself, not that it had to be ended. */
function mayBeOutweighed({ end, left }: ProcessResult): boolean {
  return (end.type === "exited" || end.type === "signalled") && left.length === 0;
}

function summaryOf({ stdoutTail, stderrTail }: ProcessResult, said: WorkerResult): string {
  if (said.type === "said" && said.output !== undefined) return said.output;
  return tailOf(stdoutTail.trim() === "" ? stderrTail : stdoutTail);
}

function whyItFailed(
  command: Command,
  { files }: Assignment,
  result: ProcessResult,
  wrong: string,
): string {
  if (takesFiles(command) && isTooLong(result)) {
    return `the unit's ${files.length} files do not fit on a command line: instead of {files} read the file that AGENT_FILES_FILE names`;
  }
  const { end, stdoutTail, stderrTail } = result;
  const last = end.type === "exited" ? lastLineOf(`${stdoutTail}\n${stderrTail}`) : undefined;
  return `the command ${wrong}${colon(last)}`;
}

/** Either we could not start it, or the shell that we started could not. */
function isTooLong({ end, stderrTail }: ProcessResult): boolean {
  if (end.type === "not_started") return /E2BIG|Argument list too long/.test(end.message);
  return end.type === "exited" && end.code === 126 && /Argument list too long/.test(stderrTail);
}

function colon(text: string | undefined): string {
  return text === undefined ? "" : `: ${text}`;
}
