/** What of the user's a move of their checkout would lose: edits of the files that it writes, and whatever lies untracked or
 *  ignored where it writes. Git itself protects the first, but overwrites ignored files without a word. */
import { type Dirent, lstatSync, readdirSync } from "node:fs";
import { isAbsent } from "../host/file.ts";
import type { CheckedOut } from "./checked-out.ts";
import { absent, type Difference, gitlink } from "./difference.ts";
import { foldersAbove, onDisk } from "./disk-path.ts";
import { readStatus, type StatusEntry } from "./status.ts";

/** How many paths are named; more do not help a reader. */
const pathsMax = 1000;

/** The user's paths (bytes) that keep their checkout from being moved along `differences`. HEAD and those agree on `old`. */
export async function localEdits(
  checkout: CheckedOut,
  differences: readonly Difference[],
): Promise<readonly string[]> {
  const status = await readStatus(checkout, { untracked: false });
  const entries = new Map(status.tracked.map((entry) => [entry.path, entry]));
  const edited = differences.filter((difference) => {
    const entry = entries.get(difference.path);
    return entry !== undefined && isEdited(entry, difference);
  });
  const unknown = differences.filter((difference) => !entries.has(difference.path));
  const found = [
    // Git moves no checkout while a merge left anything open in it.
    ...status.tracked.filter((entry) => entry.staged === "U").map((entry) => entry.path),
    ...edited.map((difference) => difference.path),
    ...inTheWay(checkout.workTree, unknown, differences),
  ];
  return [...new Set(found)].sort().slice(0, pathsMax);
}

function isEdited(entry: StatusEntry, difference: Difference): boolean {
  if (entry.staged === "U") return true;
  // What is staged already is what the move would stage: git leaves the file as it is.
  if (entry.staged !== "." && entry.indexMode === difference.newMode)
    return difference.newMode !== absent && entry.indexOid !== difference.newOid;
  if (entry.staged !== ".") return true;
  const gone = entry.unstaged === "D";
  return entry.unstaged !== "." && !(gone && difference.newMode === absent);
}

/** Paths on the disk that stand where `written` would be written, and are not themselves among what goes away. */
export function inTheWay(
  root: string,
  written: readonly Difference[],
  all: readonly Difference[],
): readonly string[] {
  const going = new Set(
    all.filter((difference) => difference.newMode === absent).map((difference) => difference.path),
  );
  const found: string[] = [];
  const folders = new Set<string>();
  for (const { path, oldMode, newMode } of written) {
    if (newMode === absent) continue;
    for (const folder of foldersAbove(path)) folders.add(folder);
    if (oldMode === absent) found.push(...standingAt(root, path, { newMode, going }));
  }
  for (const folder of folders) {
    const kind = kindAt(root, folder);
    if (kind === "other" && !going.has(folder)) found.push(folder);
  }
  return found;
}

function standingAt(
  root: string,
  path: string,
  facts: { readonly newMode: string; readonly going: ReadonlySet<string> },
): readonly string[] {
  const kind = kindAt(root, path);
  if (kind === "nothing") return [];
  if (kind === "other") return [path];
  // The folder of a submodule may be there already.
  if (facts.newMode === gitlink) return [];
  return filesBelow(root, path).filter((file) => !facts.going.has(file));
}

/** What a path is, seen without following a link at its end. */
function kindAt(root: string, path: string): "nothing" | "folder" | "other" {
  try {
    const facts = lstatSync(onDisk(root, path), { throwIfNoEntry: false });
    if (facts === undefined) return "nothing";
    return facts.isDirectory() ? "folder" : "other";
  } catch (error) {
    if (isAbsent(error)) return "nothing";
    throw error;
  }
}

/** Everything below a folder that is not a folder itself. */
function filesBelow(root: string, folder: string): readonly string[] {
  const found: string[] = [];
  const waiting = [folder];
  while (waiting.length > 0 && found.length < pathsMax) {
    const here = waiting.pop() ?? "";
    const entries: Dirent<string>[] = readdirSync(onDisk(root, here), {
      withFileTypes: true,
      encoding: "latin1",
    });
    for (const entry of entries)
      (entry.isDirectory() ? waiting : found).push(`${here}/${entry.name}`);
  }
  return found;
}
