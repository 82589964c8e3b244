/** Runs that never began: their process was killed before the first line of the journal was whole. Nothing of theirs exists but a
 *  folder, with a torn journal at most; a folder with anything else in it stays. */
import { readdir, rm, rmdir } from "node:fs/promises";
import path from "node:path";
import { Failure } from "../core/failure.ts";
import { isRunId, type RunId } from "../core/id.ts";
import type { Repository } from "../git/repository.ts";
import { fileFailure, isAbsent } from "../host/file.ts";
import { runsFolder } from "./folder.ts";
import { readJournal } from "./journal.ts";

const journalName = "journal.jsonl";

/** Takes their folders away. The caller holds the repository's lock, so that none of them is just beginning. */
export async function removeUnbegun(repository: Repository): Promise<readonly RunId[]> {
  const runs = runsFolder(repository);
  const removed: RunId[] = [];
  for (const run of (await namesIn(runs)).filter(isRunId)) {
    const folder = path.join(runs, run);
    if ((await namesIn(folder)).some((name) => name !== journalName)) continue;
    const journal = path.join(folder, journalName);
    if (await hasBegun(journal)) continue;
    try {
      await rm(journal, { force: true });
      await rmdir(folder);
    } catch (error) {
      throw fileFailure(error, `remove ${folder}`);
    }
    removed.push(run);
  }
  return removed;
}

/** A journal that cannot be read is somebody's to look at. */
async function hasBegun(journal: string): Promise<boolean> {
  try {
    return (await readJournal(journal)) !== undefined;
  } catch (error) {
    if (error instanceof Failure) return true;
    throw error;
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw fileFailure(error, `list ${folder}`);
  }
}
