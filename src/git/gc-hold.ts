/** Keeps the user's `git gc` from beginning while a run writes objects that no ref names yet: `git gc --prune=now` would
 *  delete them, and the ref that comes a moment later would name nothing. This is git's own way, the `gc.pid` file of a gc that
 *  runs; git itself takes it over from a process that is dead. */
import { readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import path from "node:path";
import { errorCode, fileFailure, isAbsent } from "../host/file.ts";

export interface GarbageHold {
  /** False where another gc runs already: what it takes is written anew. */
  readonly held: boolean;
  release(): void;
}

/** Git takes a file that is older than twelve hours for forgotten. */
const refreshMs = 60 * 60 * 1000;

export function holdGarbage(commonDir: string): GarbageHold {
  const file = path.join(commonDir, "gc.pid");
  const text = `${process.pid} ${hostname()}`;
  try {
    if (!take(file, text)) return { held: false, release: () => undefined };
  } catch (error) {
    throw fileFailure(error, `write ${file}`);
  }
  const timer = setInterval(() => refresh(file), refreshMs);
  timer.unref();
  return {
    held: true,
    release: () => {
      clearInterval(timer);
      if (textOf(file) === text) rmSync(file, { force: true });
    },
  };
}

function take(file: string, text: string): boolean {
  try {
    writeFileSync(file, text, { flag: "wx" });
    return true;
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
  }
  if (mayLive(textOf(file) ?? "")) return false;
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text);
  renameSync(draft, file);
  return true;
}

/** Only a process of this machine can be known to be dead. */
function mayLive(text: string): boolean {
  const [, pid, host] = /^(\d+) (.+)$/.exec(text.trim()) ?? [];
  if (pid === undefined || host !== hostname()) return pid !== undefined;
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch (error) {
    return errorCode(error) !== "ESRCH";
  }
}

function refresh(file: string): void {
  try {
    utimesSync(file, new Date(), new Date());
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}
