/** Lock files that a killed runner of ours left. Only where nobody but us writes: the admin directories of our worktrees and
 *  the names of our refs. Any other lock is somebody else's until the journal proves it ours. */
import { lstatSync, rmSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileFailure, isAbsent } from "../host/file.ts";
import { processesIn } from "../host/process-place.ts";
import { adminEntries, type SlotHome } from "./slot-home.ts";

/** Removes them and answers their paths. The caller has proved that the run's last runner, and every git that it started,
 *  is dead. */
export async function removeOwnLocks(home: SlotHome): Promise<readonly string[]> {
  const { run } = home;
  const { commonDir } = home.repository;
  const slots = await adminEntries(home);
  const folders = [
    ...slots.flatMap((slot) => (slot.adminDir === undefined ? [] : [slot.adminDir])),
    path.join(commonDir, "refs/pleach", run),
    path.join(commonDir, "refs/heads/pleach", run),
  ];
  const locks = (await Promise.all(folders.map(locksBelow))).flat();
  for (const lock of locks) {
    try {
      await rm(lock, { force: true });
    } catch (error) {
      throw fileFailure(error, `remove ${lock}`);
    }
  }
  return locks;
}

/** What a git that deletes refs makes in the directory that all worktrees share; either is in the way of the next one. */
export const packedRefsLocks = ["packed-refs.lock", "packed-refs.new"] as const;

export interface LockWindow {
  /** When our intent was recorded and until when our git took its locks for it, milliseconds since the epoch. */
  readonly since: number;
  readonly until?: number;
  /** Where a git that holds one of them would be at work. */
  readonly folders: readonly string[];
}

/** Long after the intent a git of ours takes no lock for it. */
const lockingMsMax = 60_000;

/** Removes what a git left that was killed while it deleted refs for us: `since` is when that was next to be done. */
export async function removeRefLocks(home: SlotHome, since: number): Promise<void> {
  const { commonDir, topLevel } = home.repository;
  const locks = packedRefsLocks.map((name) => path.join(commonDir, name));
  if (locks.every((lock) => madeAt(lock) === undefined)) return;
  // One that is held still makes the deleting fail, which says so.
  await removeLocksMade(locks, {
    since,
    until: since + lockingMsMax,
    folders: [commonDir, topLevel],
  });
}

/** Orphans of the dead runner end by themselves; a git of the user's may take its time in an editor. */
const gitsEndTries = 100;
const gitsEndWaitMs = 50;
/** File systems keep times more coarsely than the clock does. */
const clockSlackMs = 100;

/** Removes those of the locks that were made in that time, once no git is at work there any more. Answers those that somebody
 *  may hold still. The caller has proved that the runner which recorded the intent is dead. */
export async function removeLocksMade(
  locks: readonly string[],
  { since, until = Number.POSITIVE_INFINITY, folders }: LockWindow,
): Promise<readonly string[]> {
  const made = () =>
    locks.filter((lock) => {
      const at = madeAt(lock);
      return at !== undefined && at >= since - clockSlackMs && at <= until;
    });
  for (let tries = 0; tries < gitsEndTries; tries += 1) {
    // Our own orphans write no more once no git is at work there.
    const alive = processesIn("git", folders) ?? [];
    if (alive.length === 0) {
      for (const lock of made()) rmSync(lock, { force: true });
      return [];
    }
    await pause(gitsEndWaitMs);
  }
  return made();
}

function madeAt(lock: string): number | undefined {
  try {
    return lstatSync(lock, { throwIfNoEntry: false })?.mtimeMs;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

async function locksBelow(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true, recursive: true });
    return entries
      .filter((entry) => entry.name.endsWith(".lock") && !entry.isDirectory())
      .map((entry) => path.join(entry.parentPath, entry.name));
  } catch (error) {
    if (isAbsent(error)) return [];
    throw fileFailure(error, `list ${folder}`);
  }
}
