/** Where a branch is checked out, and whether somebody is in the middle of something there. It only looks. */
import { readdir, realpath } from "node:fs/promises";
import path from "node:path";
import type { RefName } from "../core/id.ts";
import { exists, isAbsent, readTextIfThere } from "../host/file.ts";
import { type GitPlace, git, zeroSeparated } from "./git.ts";
import type { RefHome } from "./ref.ts";

/** A worktree of the user's: `gitDir` is its own, with its HEAD and its index. */
export interface CheckedOut extends GitPlace {
  readonly workTree: string;
}

/** The branches that worktrees stand on, each with the folder of one of them. */
export async function checkedOutRefs(home: RefHome): Promise<ReadonlyMap<RefName, string>> {
  const found = (await worktrees(home)).flatMap((block): readonly [RefName, string][] => {
    const branch = block.find((line) => line.startsWith("branch "));
    if (branch === undefined) return [];
    return [[branch.slice("branch ".length) as RefName, folderOf(block)]];
  });
  return new Map(found);
}

/** Every worktree whose HEAD is `ref`: normally one at most. A worktree whose folder is gone is left out. */
export async function checkedOutAt(home: RefHome, ref: RefName): Promise<readonly CheckedOut[]> {
  const blocks = await worktrees(home);
  const gitDirs = await linkedGitDirs(home);
  const found: CheckedOut[] = [];
  for (const [position, block] of blocks.entries()) {
    if (!block.includes(`branch ${ref}`)) continue;
    const workTree = folderOf(block);
    const gitDir = position === 0 ? home.commonDir : gitDirs.get(path.join(workTree, ".git"));
    if (gitDir !== undefined && (await exists(path.join(workTree, ".git"))))
      found.push({ gitDir, workTree: await realpath(workTree) });
  }
  return found;
}

/** What git tells of each worktree, line by line; the first is the main one. */
async function worktrees(home: RefHome): Promise<readonly (readonly string[])[]> {
  const answer = await git({ gitDir: home.commonDir }, ["worktree", "list", "--porcelain", "-z"]);
  return answer.stdout.split("\0\0").map(zeroSeparated);
}

function folderOf(block: readonly string[]): string {
  return block[0]?.replace(/^worktree /, "") ?? "";
}

/** One line that says what the user has begun with the branch and not ended; undefined where nothing is. */
export async function unfinishedAt(
  home: RefHome,
  ref: RefName,
  checkouts: readonly CheckedOut[],
): Promise<string | undefined> {
  const name = ref.replace(/^refs\/heads\//, "");
  // A rebase detaches HEAD and means to come back to the branch, which it expects where it left it.
  for (const gitDir of [home.commonDir, ...(await linkedGitDirs(home)).values()])
    for (const folder of ["rebase-merge", "rebase-apply"]) {
      const branch = await readTextIfThere(path.join(gitDir, folder, "head-name"));
      if (branch?.trim() === ref) return `${name} is being rebased (${gitDir})`;
    }
  for (const { gitDir, workTree } of checkouts)
    for (const [trace, what] of traces)
      if (await exists(path.join(gitDir, trace))) return `a ${what} is not finished in ${workTree}`;
  return undefined;
}

const traces: readonly (readonly [string, string])[] = [
  ["MERGE_HEAD", "merge"],
  ["CHERRY_PICK_HEAD", "cherry-pick"],
  ["REVERT_HEAD", "revert"],
  ["rebase-merge", "rebase"],
  ["rebase-apply", "rebase or am"],
];

/** The admin directory of every linked worktree, by the `.git` file that points to it. */
async function linkedGitDirs(home: RefHome): Promise<ReadonlyMap<string, string>> {
  const folder = path.join(home.commonDir, "worktrees");
  const found = new Map<string, string>();
  for (const name of await namesIn(folder)) {
    const gitDir = path.join(folder, name);
    const pointer = await readTextIfThere(path.join(gitDir, "gitdir"));
    if (pointer !== undefined) found.set(path.resolve(gitDir, pointer.trimEnd()), gitDir);
  }
  return found;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}
