/** What a person throws away of a run's own folder: what no commit could hold, and logs that are large. It must never touch the
 *  journal nor the report, and follows no link: workers wrote some of what lies here. */
import { existsSync } from "node:fs";
import { readdir, rm, stat } from "node:fs/promises";
import path from "node:path";
import type { RunState } from "../core/run.ts";
import { deleteTrees } from "../git/trash.ts";
import { fileFailure, isAbsent } from "../host/file.ts";
import { type RunFolder, recordOf } from "./folder.ts";

/** Smaller ones cost nothing, and tell what happened. */
export const logBytesMax = 1024 * 1024;

/** The folders of what attempts left that no commit could hold; absolute paths of those that are there. */
export function leftFolders(folder: RunFolder, state: RunState): readonly string[] {
  return state.units
    .flatMap(({ id, leavings }) =>
      leavings
        .filter(({ left }) => left.length > 0)
        .map(({ attempt }) => path.join(folder.root, recordOf(id, attempt), "left")),
    )
    .filter((left) => existsSync(left));
}

/** Answers what is gone. */
export async function discardRecords(
  folder: RunFolder,
  state: RunState,
): Promise<readonly string[]> {
  const left = leftFolders(folder, state);
  await deleteTrees(left);
  const large: string[] = [];
  const logs = ["units", "checks"].map((name) => filesBelow(path.join(folder.root, name)));
  for (const file of (await Promise.all(logs)).flat()) {
    const { size } = await stat(file);
    if (size <= logBytesMax) continue;
    await rm(file);
    large.push(`${file} (${(size / 1024 ** 2).toFixed(1)} MB)`);
  }
  return [...left, ...large.sort()];
}

async function filesBelow(root: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(root, { withFileTypes: true, recursive: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name));
  } catch (error) {
    if (isAbsent(error)) return [];
    throw fileFailure(error, `list ${root}`);
  }
}
