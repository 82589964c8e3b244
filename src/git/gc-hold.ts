/** Keeps the user's `git gc` from beginning while a run writes objects that no ref names yet: `git gc --prune=now` would
 *  delete them, and the ref that comes a moment later would name nothing. This is git's own way, the `gc.pid` file of a gc that
 *  runs; git itself takes it over from a process that is dead. */
import { readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { errorCode, fileFailure, isAbsent } from "../host/file.ts";

export interface GarbageHold {
  isHeld(): boolean;
  release(): void;
}

/** Git takes a file that is older than twelve hours for forgotten. */
const refreshMs = 60 * 60 * 1000;
/** A gc that runs when we begin is waited for a little; after that its end is watched for. */
const usualWaitMs = 3000;
const lookAgainMs = 10;
const watchMs = 100;

/** Holds it off until the release; where a gc runs for long, from its end on. */
export async function holdGarbage(
  commonDir: string,
  { waitMs = usualWaitMs }: { readonly waitMs?: number } = {},
): Promise<GarbageHold> {
  const file = path.join(commonDir, "gc.pid");
  const text = `${process.pid} ${hostname()}`;
  const began = performance.now();
  let held = takeOrFail(file, text);
  while (!held && performance.now() - began < waitMs) {
    await pause(lookAgainMs);
    held = takeOrFail(file, text);
  }
  let lastMs = performance.now();
  const timer = setInterval(() => {
    // What cannot be written now is tried again.
    if (!held) held = attempted(() => take(file, text));
    else if (performance.now() - lastMs > refreshMs) {
      lastMs = performance.now();
      attempted(() => refresh(file));
    }
  }, watchMs);
  timer.unref();
  return {
    isHeld: () => held,
    release: () => {
      clearInterval(timer);
      if (held && textOf(file) === text) rmSync(file, { force: true });
    },
  };
}

function takeOrFail(file: string, text: string): boolean {
  try {
    return take(file, text);
  } catch (error) {
    throw fileFailure(error, `write ${file}`);
  }
}

/** False where the system refused. */
function attempted(work: () => boolean): boolean {
  try {
    return work();
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return false;
  }
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

function refresh(file: string): boolean {
  utimesSync(file, new Date(), new Date());
  return true;
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}
