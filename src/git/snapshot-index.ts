/** Turns files of a worktree into a tree, through the worktree's own index: what lies in that is safe from a user's `git gc`
 *  before any ref points to it. */
import { constants, existsSync, lstatSync } from "node:fs";
import { copyFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import { Failure } from "../core/failure.ts";
import type { Sha } from "../core/id.ts";
import { fileFailure } from "../host/file.ts";
import { slotIndex } from "./admin-dir.ts";
import { isPassing } from "./again.ts";
import { onDisk } from "./disk-path.ts";
import { hashFiles } from "./file-content.ts";
import { type GitPlace, git } from "./git.ts";

/** A worktree's index, and the settings that every command which touches it needs: git looks again, through the filters, at
 *  entries as young as the index itself whenever it writes one. */
export interface IndexScope {
  readonly place: GitPlace & { readonly workTree: string };
  readonly config: readonly string[];
  /** Of the repository, in hexadecimal digits. */
  readonly oidLength: number;
}

/** Paths are bytes, as latin1. */
export interface IndexChange {
  /** Entries as they are in the index, whose files are to be read again whatever their times say. */
  readonly reread: readonly IndexEntry[];
  readonly remove: readonly string[];
  readonly add: readonly string[];
}

export interface IndexEntry {
  readonly path: string;
  readonly mode: string;
  readonly oid: Sha;
}

/** One flush for all of a command's objects, and no line-end rule that refuses to be applied. */
const settings = [
  "core.fsyncMethod=batch",
  "core.safecrlf=false",
  "core.sparseCheckout=false",
  "core.splitIndex=false",
  "core.untrackedCache=false",
  "core.ignoreStat=false",
  "index.sparse=false",
];

/** Above this length a list does not go into arguments. */
const argumentCharactersMax = 50_000;

/** The index that says what we wrote into the worktree. Where no slot of ours left one, it is read from the base, which
 *  costs reading every file once. */
export async function trustedIndex(
  scope: IndexScope,
  base: Sha,
  mode: "full" | "sparse",
): Promise<string> {
  const known = slotIndex(scope.place.gitDir, mode);
  if (existsSync(known)) return known;
  const fresh = path.join(scope.place.gitDir, "pleach-snapshot.index");
  await rm(fresh, { force: true });
  await run({ ...scope, place: { ...scope.place, indexFile: fresh } }, ["read-tree", base]);
  return fresh;
}

/** Makes the worktree's own index a copy of the trusted one; a lock that a killed worker left goes. */
export async function beginIndex(place: GitPlace, trusted: string): Promise<void> {
  const index = path.join(place.gitDir, "index");
  const draft = path.join(place.gitDir, "index.pleach");
  try {
    await rm(`${index}.lock`, { force: true, recursive: true });
    await rm(draft, { force: true, recursive: true });
    await copyFile(trusted, draft, constants.COPYFILE_FICLONE);
    await rename(draft, index);
  } catch (error) {
    throw fileFailure(error, `write ${index}`);
  }
}

/** Applies the change as `git add` would. Answers the paths that could not be taken at all; names that git refuses it passes
 *  over silently. Where a filter or an encoding fails, the bytes go in as they are. */
export async function changeIndex(
  scope: IndexScope,
  change: IndexChange,
): Promise<readonly string[]> {
  const { reread, remove, add } = change;
  if (reread.length + remove.length + add.length === 0) return [];
  const prepared = preparation(change);
  if (prepared === undefined) await prepare(scope, change);
  try {
    await addAll(scope, prepared ?? [], add);
    return [];
  } catch (error) {
    if (!isRefusal(error)) throw error;
  }
  // The index is as it was: a command that fails writes none.
  if (prepared !== undefined) await prepare(scope, change);
  return addInParts(scope, add);
}

export async function writeTree(scope: IndexScope): Promise<Sha> {
  return (await run(scope, ["write-tree"])) as Sha;
}

/** As arguments of the command that adds, which saves a process; undefined where they would be too many or not text. A copied
 *  index is younger than what it tells of, so git would believe the times of files changed within its own second: an entry
 *  that is set anew has none. */
function preparation({ reread, remove }: IndexChange): readonly string[] | undefined {
  const words = [
    ...reread.flatMap(({ path, mode, oid }) => ["--cacheinfo", `${mode},${oid},${path}`]),
    ...(remove.length === 0 ? [] : ["--force-remove", ...remove.map((name) => `./${name}`)]),
    ...(remove.length === 0 ? [] : ["--no-force-remove"]),
  ];
  const text = words.join(" ");
  return text.length > argumentCharactersMax || /[^ -~]/.test(text) ? undefined : words;
}

async function prepare(scope: IndexScope, { reread, remove }: IndexChange): Promise<void> {
  const nothing = "0".repeat(scope.oidLength);
  const lines = [
    ...remove.map((name) => `0 ${nothing}\t${name}\0`),
    ...reread.map(({ path, mode, oid }) => `${mode} ${oid}\t${path}\0`),
  ];
  if (lines.length > 0) await run(scope, ["update-index", "-z", "--index-info"], lines);
}

async function addAll(
  scope: IndexScope,
  before: readonly string[],
  paths: readonly string[],
): Promise<void> {
  if (before.length + paths.length === 0) return;
  const args = ["update-index", "--add", ...before, "--replace", "-z", "--stdin"];
  await run(
    scope,
    args,
    paths.map((name) => `${name}\0`),
  );
}

async function addInParts(scope: IndexScope, paths: readonly string[]): Promise<readonly string[]> {
  try {
    await addAll(scope, [], paths);
    return [];
  } catch (error) {
    if (!isRefusal(error)) throw error;
  }
  if (paths.length === 1) return addRaw(scope, paths[0] ?? "");
  const half = paths.length >> 1;
  const first = await addInParts(scope, paths.slice(0, half));
  return [...first, ...(await addInParts(scope, paths.slice(half)))];
}

async function addRaw(scope: IndexScope, name: string): Promise<readonly string[]> {
  try {
    const [oid = ""] = await hashFiles(scope.place, [name], { raw: true });
    const facts = lstatSync(onDisk(scope.place.workTree, name));
    const mode = (facts.mode & 0o100) === 0 ? "100644" : "100755";
    const args = ["update-index", "--add", "--replace", "-z", "--index-info"];
    await run(scope, args, [`${mode} ${oid}\t${name}\0`]);
    return [];
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return [name];
  }
}

/** Whether git will not take a file, rather than miss something that is taken from under it. */
function isRefusal(error: unknown): boolean {
  return error instanceof Failure && refusals.has(error.code) && !isPassing(error);
}

const refusals: ReadonlySet<string> = new Set(["git_failed", "filter_failed", "not_permitted"]);

async function run(
  scope: IndexScope,
  args: readonly string[],
  input?: readonly string[],
): Promise<string> {
  const answer = await git(scope.place, args, {
    config: [...settings, ...scope.config],
    ...(input === undefined ? {} : { input: Buffer.from(input.join(""), "latin1") }),
  });
  return answer.stdout.trim();
}
