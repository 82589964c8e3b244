/** How a program ended, in words. */
import { unreachable } from "../core/failure.ts";
import type { ProcessResult } from "../host/run-process.ts";
import { oneLine } from "./tail.ts";

/** What happened, as the end of a sentence whose subject is the program: `exited with 2`. */
export function howItEnded({ end }: ProcessResult, timeoutMs: number): string {
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
