/** Puts what an attempt left back into a worktree that was just prepared at the attempt's base, so that another can go on from
 *  there. The index goes on to say what the base says: what was put back counts as a change of the new attempt. */
import { constants } from "node:fs";
import { copyFile, rm } from "node:fs/promises";
import path from "node:path";
import type { Sha } from "../core/id.ts";
import { fileFailure } from "../host/file.ts";
import { differenceOf } from "./difference.ts";
import { type GitPlace, git } from "./git.ts";

export async function restoreSnapshot(
  place: GitPlace & { readonly workTree: string },
  { base, snapshot }: { readonly base: Sha; readonly snapshot: Sha },
  options: { readonly config: readonly string[]; readonly signal: AbortSignal },
): Promise<void> {
  const paths = (await differenceOf(place, base, snapshot)).map((one) => one.path);
  if (paths.length === 0) return;
  const draft = path.join(place.gitDir, "index.restored");
  try {
    await copyFile(path.join(place.gitDir, "index"), draft, constants.COPYFILE_FICLONE);
  } catch (error) {
    throw fileFailure(error, `copy the index of ${place.workTree}`);
  }
  try {
    const { gitDir, workTree } = place;
    await git(
      { gitDir, workTree, indexFile: draft },
      [
        "--literal-pathspecs",
        "restore",
        "--quiet",
        `--source=${snapshot}`,
        "--worktree",
        "--no-overlay",
        "--ignore-skip-worktree-bits",
        "--pathspec-from-file=-",
        "--pathspec-file-nul",
      ],
      { input: Buffer.from(`${paths.join("\0")}\0`, "latin1"), ...options },
    );
  } finally {
    await rm(draft, { force: true });
  }
}
