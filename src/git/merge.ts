/** Merging in memory: what git would make of two commits, with no checkout, no index and no ref touched. It must never run a
 *  program: no hook, no rerere, and no merge driver that a worker's `.gitattributes` names, for it is given no work tree
 *  and so reads the attributes of none; only git's built-in text merge and the user's own `info/attributes` count. */
import { Failure } from "../core/failure.ts";
import type { RepoPath, Sha } from "../core/id.ts";
import { again } from "./again.ts";
import { disjointMerge, type MergeSides } from "./disjoint-merge.ts";
import { type GitPlace, git, zeroSeparated } from "./git.ts";

export type MergeVerdict =
  | { readonly type: "clean"; readonly tree: Sha }
  | {
      readonly type: "conflict";
      readonly paths: readonly RepoPath[];
      /** One line: what git says of the first conflict. */
      readonly message: string;
    };

/** The door turns rename detection off for diffs, and a merge would inherit that; these are git's own defaults. */
const mergeSettings = ["merge.renames=true", "merge.directoryRenames=conflict"];

/** Merges `head` into `onto`. Throws a Failure where git could not merge at all (no common history, a lost object). */
export async function mergeInMemory(
  place: GitPlace,
  sides: MergeSides,
  options: { readonly signal?: AbortSignal } = {},
): Promise<MergeVerdict> {
  const apart = place.standing && (await disjointMerge(place.standing, sides));
  if (apart !== undefined) return { type: "clean", tree: apart };
  const answer = await again(() =>
    git(
      { gitDir: place.gitDir },
      ["merge-tree", "--write-tree", "-z", "--name-only", "--messages", sides.onto, sides.head],
      { ...options, codes: [0, 1], config: mergeSettings },
    ),
  );
  const fields = zeroSeparated(answer.stdout);
  const tree = fields[0] as Sha | undefined;
  if (tree === undefined) {
    throw new Failure("repository", "merge_failed", "git merge-tree gave no tree", {
      advice: "run `git fsck` to see whether the repository is whole",
      details: { ...sides, stderr: answer.stderr.slice(-5000) },
    });
  }
  return answer.code === 0 ? { type: "clean", tree } : conflictOf(fields.slice(1), sides);
}

/** After the tree come the conflicting names, an empty field, and messages as `count, path…, type, text`. */
function conflictOf(fields: readonly string[], sides: MergeSides): MergeVerdict {
  const gap = fields.indexOf("");
  const names = gap === -1 ? fields : fields.slice(0, gap);
  const notes = gap === -1 ? [] : notesOf(fields.slice(gap + 1));
  const conflicts = notes.filter((note) => note.kind.startsWith("CONFLICT"));
  // A split directory rename conflicts without leaving any one file unmerged.
  const paths = names.length > 0 ? names : conflicts.flatMap((note) => note.paths);
  const said = conflicts[0]?.text ?? notes[0]?.text ?? "the merge conflicts";
  return {
    type: "conflict",
    paths: [...new Set(paths.map((path) => withoutSide(path, sides)))] as RepoPath[],
    message: said.trim().replace(/\s*\n\s*/g, " "),
  };
}

/** A file that a folder stands in the way of is called `name~commit`; its real name is what people know. */
function withoutSide(path: string, sides: MergeSides): string {
  for (const side of [sides.onto, sides.head])
    if (path.endsWith(`~${side}`)) return path.slice(0, -side.length - 1);
  return path;
}

interface MergeNote {
  readonly paths: readonly string[];
  readonly kind: string;
  readonly text: string;
}

function notesOf(fields: readonly string[]): MergeNote[] {
  const notes: MergeNote[] = [];
  let at = 0;
  while (at < fields.length) {
    const count = Number(fields[at]);
    if (!Number.isSafeInteger(count)) break;
    const after = at + 1 + count;
    notes.push({
      paths: fields.slice(at + 1, after),
      kind: fields[after] ?? "",
      text: fields[after + 1] ?? "",
    });
    at = after + 2;
  }
  return notes;
}
