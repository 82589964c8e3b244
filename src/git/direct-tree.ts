/** The tree of a few changed files, written without an index: through gits that stay, which costs no process. It is written
 *  only where it is sure to be what the index would have given; anything unusual is left to that. */
import { lstatSync } from "node:fs";
import path from "node:path";
import type { Sha } from "../core/id.ts";
import { absent, type Difference } from "./difference.ts";
import { onDisk } from "./disk-path.ts";
import type { GitPlace } from "./git.ts";
import type { Leftover } from "./leftover.ts";
import { attributesFile } from "./plain-content.ts";
import type { TreeEdit, TreeEntry } from "./standing.ts";

export interface DirectTreeRequest {
  readonly place: GitPlace & { readonly workTree: string };
  readonly base: Sha;
}

export interface DirectTree {
  readonly tree: Sha;
  /** From the base to the tree. */
  readonly differences: readonly Difference[];
}

/** Each file is made safe on the disk by itself; an index does it once for all of them. */
const filesMax = 32;

/** Undefined where the index is needed. The caller knows that git takes content plainly here: see plain-content.ts. */
export async function directTree(
  { place, base }: DirectTreeRequest,
  { edited, added, deletes, unskipped, extras, unheld }: Leftover,
): Promise<DirectTree | undefined> {
  const { standing, workTree } = place;
  const names = [...edited.map((entry) => entry.path), ...added];
  const unusual = [unskipped, extras, unheld].some((list) => list.length > 0);
  if (standing === undefined || unusual || names.length > filesMax) return undefined;
  if (added.some(isDoubtful) || [...names, ...deletes].some(isAttributes)) return undefined;
  const modes = names.map((name) => modeOf(workTree, name));
  if (modes.includes(undefined)) return undefined;
  const root = Buffer.from(workTree).toString("latin1");
  const oids = await standing.writeBlobs(names.map((name) => `${root}/${name}`));
  const put = names.map((name, at): TreeEdit => {
    const [mode, oid] = [modes[at], oids?.[at]];
    return { path: name, entry: mode && oid ? { mode, oid } : undefined };
  });
  if (put.some(({ entry }) => entry === undefined)) return undefined;
  const edits = [...put, ...deletes.map((name): TreeEdit => ({ path: name, entry: undefined }))];
  const tree = await standing.weave(base, edits);
  const before = await standing.entriesAt(
    base,
    edits.map((edit) => edit.path),
  );
  if (tree === undefined || before === undefined) return undefined;
  return { tree, differences: edits.flatMap((edit) => differenceOf(edit, before.get(edit.path))) };
}

function differenceOf({ path: name, entry }: TreeEdit, before: TreeEntry | undefined) {
  if (entry?.mode === before?.mode && entry?.oid === before?.oid) return [];
  const nothing = { mode: absent, oid: "0".repeat((entry ?? before)?.oid.length ?? 0) as Sha };
  const [from, to] = [before ?? nothing, entry ?? nothing];
  return { path: name, oldMode: from.mode, newMode: to.mode, oldOid: from.oid, newOid: to.oid };
}

/** Of a regular file; a link's content is where it leads. */
function modeOf(workTree: string, name: string): string | undefined {
  const facts = lstatSync(onDisk(workTree, name), { throwIfNoEntry: false });
  if (!facts?.isFile()) return undefined;
  return (facts.mode & 0o100) === 0 ? "100644" : "100755";
}

/** Names that git may refuse: those that some file system takes for `.git`, or that are not plain. */
function isDoubtful(name: string): boolean {
  return !/^[ -~]+$/.test(name) || /[\\:]/.test(name) || /(?:^|\/)(?:\.git|git~)/i.test(name);
}

function isAttributes(name: string): boolean {
  return path.posix.basename(name) === attributesFile;
}
