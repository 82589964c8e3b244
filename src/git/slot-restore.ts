/** Brings a worktree from what a worker left in it to another base by what is known to differ, where the snapshot that has just been
 *  taken saw that nothing else does. Git then looks at those paths alone, instead of at every file. */
import { existsSync, rmdirSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Sha } from "../core/id.ts";
import { errorCode, isAbsent } from "../host/file.ts";
import { differenceOf, gitlink } from "./difference.ts";
import { foldersAbove, onDisk } from "./disk-path.ts";
import { type GitPlace, git } from "./git.ts";
import { attributesFile } from "./plain-content.ts";

/** How the folder differs from a base, whole: paths as latin1 bytes. Nothing has been at work in it since. */
export interface Unlike {
  readonly base: Sha;
  /** Files of the base with another content, or gone. */
  readonly tracked: readonly string[];
  /** Files that the base does not have. */
  readonly others: readonly string[];
}

export interface Restoring {
  /** Its index tells what lies in the folder as the base had it. */
  readonly place: GitPlace & { readonly workTree: string; readonly indexFile: string };
  readonly commonDir: string;
  readonly unlike: Unlike;
  readonly base: Sha;
  readonly config: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/** Above this, git looks at everything as cheaply. */
const pathsMax = 500;

/** False where nothing was done, and all has to be looked at. */
export async function restoreKnown(restoring: Restoring): Promise<boolean> {
  const { place, commonDir, unlike, base } = restoring;
  if (!existsSync(place.indexFile)) return false;
  const between =
    unlike.base === base
      ? []
      : await differenceOf({ gitDir: commonDir, standing: place.standing }, unlike.base, base);
  const paths = [...new Set([...unlike.tracked, ...between.map((difference) => difference.path)])];
  const links = between.some(({ oldMode, newMode }) => [oldMode, newMode].includes(gitlink));
  if (links || paths.length > pathsMax || paths.some((name) => name.endsWith(attributesFile)))
    return false;
  removeFiles(place.workTree, unlike.others);
  if (paths.length === 0) return true;
  await restorePaths(restoring, paths);
  return true;
}

async function restorePaths(
  { place, base, config, signal }: Restoring,
  paths: readonly string[],
): Promise<void> {
  const { standing, gitDir, workTree, indexFile } = place;
  const list = path.join(gitDir, "pleach-restore");
  writeFileSync(list, Buffer.from(paths.map((name) => `${name}\0`).join(""), "latin1"));
  const what = ["--staged", "--worktree", `--pathspec-from-file=${list}`, "--pathspec-file-nul"];
  const args = ["restore", "--quiet", `--source=${base}`, ...what];
  const aborting = signal === undefined ? {} : { signal };
  const command = { place: { gitDir, workTree, indexFile }, args, config, ...aborting };
  const told = await standing?.inWorktree(command);
  signal?.throwIfAborted();
  if (told === undefined)
    await git(place, args, { config, env: { GIT_LITERAL_PATHSPECS: "1" }, ...aborting });
  rmSync(list);
}

/** And the folders that are empty then. */
function removeFiles(workTree: string, names: readonly string[]): void {
  for (const name of names) {
    unlinkSync(onDisk(workTree, name));
    for (const folder of foldersAbove(name).reverse())
      if (!removedEmpty(onDisk(workTree, folder))) break;
  }
}

function removedEmpty(folder: Buffer): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch (error) {
    if (isAbsent(error)) return true;
    if (errorCode(error) === "ENOTEMPTY" || errorCode(error) === "EEXIST") return false;
    throw error;
  }
}
