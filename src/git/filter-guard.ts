/** Keeps our git from running what a worker wrote. A filter of the user's configuration (`filter.lfs.clean`) is theirs, but one
 *  that names a script in the repository would run the worker's version of it, outside of any sandbox. */
import { type GitPlace, git } from "./git.ts";

/** Settings that switch such filters off; others, like git-lfs, stay. Ask once per run. */
export async function filterGuard(place: GitPlace): Promise<readonly string[]> {
  const answer = await git(
    { gitDir: place.gitDir },
    ["config", "-z", "--get-regexp", "^filter\\..*\\.(clean|process|smudge)$"],
    { codes: [0, 1] },
  );
  const names = new Set<string>();
  for (const entry of answer.stdout.split("\0")) {
    const end = entry.indexOf("\n");
    const key = entry.slice(0, end);
    if (end !== -1 && mayRunRepositoryCode(entry.slice(end + 1)))
      names.add(key.slice("filter.".length, key.lastIndexOf(".")));
  }
  return [...names].flatMap((name) => [
    `filter.${name}.clean=`,
    `filter.${name}.smudge=`,
    `filter.${name}.process=`,
    `filter.${name}.required=false`,
  ]);
}

/** A filter runs in the worktree: any relative path in its command, or a name with the ending of a script, lies there. */
function mayRunRepositoryCode(command: string): boolean {
  return command
    .split(/[\s;&|<>()'"`]+/)
    .some(
      (word) =>
        /^[^/~$-].*\//.test(word) ||
        /^\.\.?$/.test(word) ||
        /\.(?:sh|bash|py|rb|pl|php|[cm]?[jt]s)$/.test(word) ||
        /=\.{0,2}[^/]*\//.test(word),
    );
}
