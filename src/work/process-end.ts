/** How a program ended, in words. */
import { unreachable } from "../core/failure.ts";
import { type ProcessResult, succeeded } from "../host/run-process.ts";
import { oneLine } from "./tail.ts";

/** What went wrong, as the end of a sentence whose subject is the program: `exited with 2`. Undefined where it exited with
 *  0 and nothing of it is left that could still write. */
export function whatWentWrong(result: ProcessResult, timeoutMs: number): string | undefined {
  const left =
    result.left.length > 0
      ? `left processes that cannot be ended (${result.left.join(", ")})`
      : undefined;
  return succeeded(result) ? left : howItEnded(result, timeoutMs);
}

export function howItEnded({ end }: Pick<ProcessResult, "end">, timeoutMs: number): string {
  switch (end.type) {
    case "exited":
      return `exited with ${end.code}${meanings.get(end.code) ?? ""}`;
    case "signalled":
      return `was killed by ${end.signal}`;
    case "timed_out":
      return `timed out after ${Math.round(timeoutMs / 100) / 10} s`;
    case "aborted":
      return "was stopped";
    case "not_started":
      return `could not be started: ${oneLine(end.message)}`;
    default:
      return unreachable(end);
  }
}

/** The codes by which a shell says that there was nothing to run. */
const meanings: ReadonlyMap<number, string> = new Map([
  [126, " (command could not be executed)"],
  [127, " (command not found)"],
]);
