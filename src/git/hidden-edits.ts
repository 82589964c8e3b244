/** Edits that git was told not to look for (assume-unchanged, skip-worktree): no status names them, but a move of the checkout
 *  meets them all the same. It only looks. */
import type { CheckedOut } from "./checked-out.ts";
import type { Difference } from "./difference.ts";
import { fileContents } from "./file-content.ts";
import { git, zeroSeparated } from "./git.ts";

/** Of the paths (bytes) that differ; a file that a sparse checkout left out is no edit. */
export async function hiddenEdits(
  checkout: CheckedOut,
  differences: readonly Difference[],
): Promise<readonly string[]> {
  const touched = new Set(differences.map(({ path }) => path));
  const answer = await git(checkout, ["ls-files", "-s", "-v", "-z"], { encoding: "latin1" });
  const hidden = zeroSeparated(answer.stdout).flatMap((line) => {
    const tab = line.indexOf("\t");
    const path = line.slice(tab + 1);
    const [tag = "", mode, oid] = line.slice(0, tab).split(" ");
    return isHidden(tag) && touched.has(path) ? [{ path, mode, oid }] : [];
  });
  if (hidden.length === 0) return [];
  const contents = await fileContents(
    checkout,
    hidden.map(({ path }) => path),
  );
  return hidden.flatMap(({ path, mode, oid }) => {
    const content = contents.get(path);
    if (content === undefined || content.type === "nothing") return [];
    const same = content.type === "file" && content.mode === mode && content.oid === oid;
    return same ? [] : [path];
  });
}

/** Small letters are assumed to be unchanged, `S` is skip-worktree. */
function isHidden(tag: string): boolean {
  return tag === "S" || tag !== tag.toUpperCase();
}
