/** What earlier commits changed. */
import type { RepoPath, Sha } from "../core/id.ts";
import { git, zeroSeparated } from "./git.ts";
import { pathFromBytes } from "./path-text.ts";
import type { RefHome } from "./ref.ts";

/** What a commit begins with, in the place of its text; no path is empty but for a slash. */
const mark = "/";

/** The paths that each of the last commits up to `base` changed, the newest first; merges and empty commits say nothing. Where the
 *  history is cut short (a shallow clone), what is there is answered. */
export async function changesBefore(
  home: RefHome,
  base: Sha,
  options: { readonly commitsMax: number; readonly signal: AbortSignal },
): Promise<readonly (readonly RepoPath[])[]> {
  const answer = await git(
    { gitDir: home.commonDir },
    [
      "log",
      "-z",
      "--no-merges",
      "--no-renames",
      "--name-only",
      `--format=tformat:${mark}`,
      `--max-count=${options.commitsMax}`,
      "--end-of-options",
      base,
    ],
    { encoding: "latin1", signal: options.signal },
  );
  const commits: RepoPath[][] = [];
  for (const part of zeroSeparated(answer.stdout)) {
    // A line end stands before the first path of a commit.
    if (part === mark) commits.push([]);
    else commits.at(-1)?.push(pathFromBytes(part.replace(/^\n/, "")));
  }
  return commits.filter((paths) => paths.length > 0);
}
