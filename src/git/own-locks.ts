/** Lock files that a killed runner of ours left. Only where nobody but us writes: the admin directories of our worktrees and
 *  the names of our refs. Any other lock is somebody else's until the journal proves it ours. */
import { readdir, rm } from "node:fs/promises";
import path from "node:path";
import { fileFailure, isAbsent } from "../host/file.ts";
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
