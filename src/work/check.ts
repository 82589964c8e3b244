/** Checks: commands that must pass. They fail closed: a check that is not found, killed, too slow or cannot be run is red,
 *  and only an exit with 0 is green. */
import type { Redact } from "../agent/redaction.ts";
import type { CheckResult } from "../core/event.ts";
import type { Check } from "../core/plan.ts";
import { workerEnvironment } from "../host/environment.ts";
import type { Mark } from "../host/process-tree.ts";
import { runProcess } from "../host/run-process.ts";
import type { Sandbox } from "../host/sandbox.ts";
import { outputBytesMax, outputEnd, sizeOf } from "./output-log.ts";
import { whatWentWrong } from "./process-end.ts";
import { oneLine } from "./tail.ts";

export interface CheckPlace {
  readonly worktree: string;
  /** Absolute path of the file to which the output is added, up to the limit of the process door. Its folder exists. */
  readonly logFile: string;
  /** How the result names that file: relative to the run's folder. */
  readonly log: string;
  /** Whose processes these are. */
  readonly mark: Mark;
  readonly sandbox?: Sandbox | undefined;
  /** Put over all that is kept of what is printed there. */
  readonly redact?: Redact | undefined;
}

/** As in continuous integration nobody is there to answer: tools must not prompt, watch for changes, or write the
 *  snapshots that they were to compare with. */
export const unattended: Readonly<Record<string, string>> = { CI: "true" };

/** Runs one check to its end and leaves no process of it. A check that the signal stopped is red too: whoever aborted it
 *  knows. Throws a Failure only where the log cannot be written. */
export async function runCheck(
  check: Check,
  place: CheckPlace,
  signal: AbortSignal,
): Promise<CheckResult> {
  const before = await sizeOf(place.logFile);
  const result = await runProcess({
    command: check.run,
    cwd: place.worktree,
    env: workerEnvironment(unattended),
    mark: place.mark,
    timeoutMs: check.timeoutMs,
    signal,
    logFile: place.logFile,
    outputBytesMax,
    ...(place.sandbox === undefined ? {} : { sandbox: place.sandbox }),
    ...(place.redact === undefined ? {} : { redact: place.redact }),
  });
  const facts = { name: check.name, seconds: result.seconds, log: place.log };
  const wrong = whatWentWrong(result, check.timeoutMs);
  if (wrong === undefined) return { ...facts, passed: true };
  const message = `${oneLine(check.name)}: ${wrong}`;
  const tail = await outputEnd(place.logFile, before, result);
  return { ...facts, passed: false, message, tail };
}
