/** A user's `git gc --prune=now` takes folders and objects from under a git that is just writing them: the same command a
 *  moment later does its work. */
import { setTimeout as pause } from "node:timers/promises";
import { Failure } from "../core/failure.ts";

/** How long to wait before each further try. */
const waitsMs = [20, 60, 180, 540] as const;

/** Tries a command that only adds objects again where git refused; what git crashed on it would crash on again. */
export async function again<T>(work: () => Promise<T>): Promise<T> {
  for (const waitMs of waitsMs) {
    try {
      return await work();
    } catch (error) {
      if (!isPassing(error)) throw error;
    }
    await pause(waitMs);
  }
  return work();
}

const passing = new RegExp(
  [
    "objects/.*: No such file",
    "unable to (?:write (?:file|loose|sha1|object)|create temporary|(?:read|find) (?:tree |sha1 )?[0-9a-f]{40})",
    "missing (?:blob|tree|commit|object)",
    "(?:bad|invalid|nonexistent) (?:object|tree|sha1)",
    "not a valid object|could not parse (?:object|commit)",
  ].join("|"),
  "i",
);

/** Whether git missed an object or a folder for objects that it must have had a moment ago. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Failure)) return false;
  if (error.code === "objects_lost") return true;
  return passing.test(String(error.details["stderr"] ?? ""));
}
