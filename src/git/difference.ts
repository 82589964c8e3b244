/** What two trees do not share, path by path. Renames are a path gone and a path come. */
import type { Sha } from "../core/id.ts";
import { type GitPlace, git, zeroSeparated } from "./git.ts";

/** The mode of a path that is not there. */
export const absent = "000000";
export const gitlink = "160000";

/** One path; `000000` and zeros stand for a side where it is not there. */
export interface Difference {
  /** Bytes, as latin1. */
  readonly path: string;
  readonly oldMode: string;
  readonly newMode: string;
  readonly oldOid: Sha;
  readonly newOid: Sha;
}

/** `from` and `to` are commits or trees. */
export async function differenceOf(
  place: GitPlace,
  from: Sha,
  to: Sha,
): Promise<readonly Difference[]> {
  const told = await place.standing?.differenceOf(from, to);
  if (told !== undefined) return parseDifferences(told);
  const answer = await git(
    { gitDir: place.gitDir },
    ["diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", from, to],
    { encoding: "latin1" },
  );
  return parseDifferences(answer.stdout);
}

const tree = "040000";

/** Reads `--raw -z` output: `:oldMode newMode oldOid newOid status`, then the path. With `trees` also those of folders. */
export function parseDifferences(
  text: string,
  options: { readonly trees?: boolean } = {},
): readonly Difference[] {
  const fields = zeroSeparated(text);
  const found: Difference[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [oldMode = "", newMode = "", oldOid = "", newOid = ""] = (fields[at] ?? "")
      .slice(1)
      .split(" ");
    if (!options.trees && (oldMode === tree || newMode === tree)) continue;
    found.push({
      path: fields[at + 1] ?? "",
      oldMode,
      newMode,
      oldOid: oldOid as Sha,
      newOid: newOid as Sha,
    });
  }
  return found;
}
