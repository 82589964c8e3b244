/** A slot for a worker that opens its unit's files and nothing else: the few files are written straight from git's objects, and no
 *  index tells of them, since nobody asks git there. What the worker did is told by their content. Anything unusual is left to
 *  git, which is given an index then. */
import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { RepoPath, Sha } from "../core/id.ts";
import { errorCode, fileFailure } from "../host/file.ts";
import { foldersAbove, onDisk } from "./disk-path.ts";
import { walkDisk } from "./disk-walk.ts";
import type { Leftover } from "./leftover.ts";
import { pathToBytes } from "./path-text.ts";
import { attributesFile } from "./plain-content.ts";
import type { IndexEntry } from "./snapshot-index.ts";
import type { Standing, TreeEntry } from "./standing.ts";

/** What was written, by path as latin1 bytes. */
export type Written = ReadonlyMap<string, TreeEntry>;

/** Reading so many files anew is cheaper than asking git whether they changed. */
export const looseFilesMax = 32;

const modes: Readonly<Record<string, number>> = { "100644": 0o666, "100755": 0o777 };

/** Writes those of the paths that the base has into an empty folder. Undefined, with nothing written, where git has to do it. */
export async function writeLoose(
  standing: Standing,
  workTree: string,
  { base, paths }: { readonly base: Sha; readonly paths: readonly RepoPath[] },
): Promise<Written | undefined> {
  const names = paths.map(pathToBytes);
  if (names.length > looseFilesMax) return undefined;
  const folders = ["", ...new Set(names.flatMap(foldersAbove))];
  const rules = folders.map((folder) => path.posix.join(folder, attributesFile));
  const entries = await standing.entriesAt(base, [...names, ...rules]);
  if (entries === undefined || rules.some((name) => entries.has(name))) return undefined;
  const contents: { name: string; mode: number; bytes: Buffer }[] = [];
  for (const [name, { mode, oid }] of entries) {
    const bytes = modes[mode] === undefined ? undefined : await standing.readObject(oid);
    if (bytes === undefined) return undefined;
    contents.push({ name, mode: modes[mode] ?? 0, bytes });
  }
  try {
    for (const { name, mode, bytes } of contents) {
      mkdirSync(onDisk(workTree, path.posix.dirname(name)), { recursive: true });
      writeFileSync(onDisk(workTree, name), bytes, { flag: "wx", mode });
    }
  } catch (error) {
    throw fileFailure(error, `write into ${workTree}`);
  }
  return entries;
}

/** What became of the files; undefined where anything else lies in the folder, or in the place of one. */
export async function readLoose(
  workTree: string,
  written: Written,
  fileBytesMax: number,
): Promise<Leftover | undefined> {
  const walk = await walkDisk(workTree, { skip: new Set(), files: true });
  const { specials, emptyFolders, gitFolders, closed } = walk;
  if ([specials, emptyFolders, gitFolders, closed].some((list) => list.length > 0))
    return undefined;
  if (walk.files.some((name) => !written.has(name))) return undefined;
  const there = new Set(walk.files);
  const edited: IndexEntry[] = [];
  for (const [name, { mode, oid }] of written) {
    const now = there.has(name) ? contentOf(onDisk(workTree, name), oid, fileBytesMax) : gone;
    if (now === undefined) return undefined;
    if (now !== gone && (now.mode !== mode || now.oid !== oid))
      edited.push({ path: name, mode, oid });
  }
  return {
    ...nothing,
    edited,
    deletes: [...written.keys()].filter((name) => !there.has(name)),
  };
}

const gone = { mode: "", oid: "" };

const nothing: Leftover = {
  head: undefined,
  attributes: false,
  edited: [],
  added: [],
  deletes: [],
  unskipped: [],
  extras: [],
  unheld: [],
  copied: [],
  named: [],
};

/** Of a regular file that we may read and that is not too large. */
function contentOf(file: Buffer, like: Sha, bytesMax: number) {
  const facts = lstatSync(file);
  if (!facts.isFile() || facts.size > bytesMax) return undefined;
  const bytes = readIfAllowed(file);
  if (bytes === undefined) return undefined;
  const hash = createHash(like.length === 40 ? "sha1" : "sha256");
  const oid = hash.update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
  return { mode: (facts.mode & 0o100) === 0 ? "100644" : "100755", oid };
}

function readIfAllowed(file: Buffer): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch (error) {
    if (errorCode(error) === "EACCES") return undefined;
    throw error;
  }
}
