/** Everything that a stopped worker left in its worktree, sorted: what the unit's commit may hold, what only a snapshot may
 *  hold, what no commit can hold. It looks, and takes away
 *  only what would harm a git that looks. */
import { accessSync, chmodSync, constants, lstatSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Sha } from "../core/id.ts";
import { errorCode, isAbsent } from "../host/file.ts";
import { type Change, embeddedRepository, unheldChange } from "./change.ts";
import { absent, gitlink } from "./difference.ts";
import { foldersAbove, onDisk } from "./disk-path.ts";
import { type DiskWalk, walkDisk } from "./disk-walk.ts";
import type { FolderMemory } from "./folder-memory.ts";
import type { GitPlace } from "./git.ts";
import { clearHazards } from "./hazards.ts";
import { ignoredByBase, isIgnoreFile } from "./ignored.ts";
import { entryCount, type UnusualEntries, unusualEntries } from "./index-entries.ts";
import type { IndexEntry } from "./snapshot-index.ts";
import { oneThread, readStatus, type Status, type StatusEntry } from "./status.ts";

export interface LeftoverRequest {
  /** Its index holds the base's entries, as we wrote it: nothing that a worker could change is believed. */
  readonly place: GitPlace & { readonly workTree: string; readonly indexFile: string };
  readonly commonDir: string;
  readonly base: Sha;
  readonly sparse: boolean;
  /** Ignored paths that set-up made: bytes, as latin1. */
  readonly kept: ReadonlySet<string>;
  readonly fileBytesMax: number;
  readonly excludeTrusted: boolean;
  /** Where what no commit can hold is kept. */
  readonly leftFolder: string;
  /** Further settings for git, as `filterGuard` gives them. */
  readonly config: readonly string[];
  /** What was seen in this worktree before. */
  readonly memory?: FolderMemory | undefined;
}

/** Paths are bytes, as latin1. */
export interface Leftover {
  readonly head: Sha | undefined;
  /** Whether the base has files of attributes. */
  readonly attributes: boolean;
  /** Regular files and links that differ from the base. */
  readonly edited: readonly IndexEntry[];
  /** Those that the base does not have. */
  readonly added: readonly string[];
  readonly deletes: readonly string[];
  /** Tracked files that the sparse checkout had left out and the worker wrote. */
  readonly unskipped: readonly string[];
  /** For the snapshot alone: ignored files, and the files of repositories within. */
  readonly extras: readonly string[];
  /** Changes that the unit's tree will be without. */
  readonly unheld: readonly Change[];
  /** What is to be copied beside the run's records; folders whole. */
  readonly copied: readonly string[];
  /** What can only be named; folders end in `/`. */
  readonly named: readonly string[];
}

export async function readLeftover(request: LeftoverRequest): Promise<Leftover> {
  const { place, kept, sparse } = request;
  const { memory } = request;
  const walk = await walkDisk(place.workTree, { skip: kept, files: sparse, memory });
  const hazards = await clearHazards(place.workTree, walk, request.leftFolder);
  const [status, unusual] = await statusOf(request, walk);
  const untracked = await sortUntracked(request, status, walk);
  const modules = await usedModules(place.workTree, unusual);
  const tracked = status.tracked.filter((entry) => entry.unstaged !== ".");
  const gone = tracked.filter((entry) => !isHoldable(place.workTree, entry.path));
  const goneNames = new Set([...gone.map((entry) => entry.path), ...modules.replaced]);
  const sizes = new Sizes(place.workTree, request.fileBytesMax);
  const edits = tracked.filter((entry) => !goneNames.has(entry.path));
  const work = sizes.sort([...untracked.work, ...modules.replaced]);
  const unskipped = sizes.sort(walk.files.filter((file) => unusual.skipped.has(file)));
  const edited = sizes.sort(edits.map((entry) => entry.path));
  const extras = sizes.sort([...untracked.extras, ...modules.files]);
  const editedNames = new Set(edited.fit);
  return {
    head: status.head,
    attributes: unusual.attributes,
    edited: edits.filter((entry) => editedNames.has(entry.path)).map(indexEntry),
    added: work.fit,
    deletes: [...goneNames],
    unskipped: unskipped.fit,
    extras: extras.fit,
    unheld: [
      ...untracked.repositories.map((root) => embeddedRepository(root)),
      ...modules.used.map((folder) => embeddedRepository(folder, gitlink)),
      ...hazards.rules.map((file) => unheldChange(file, editedFile)),
      ...work.unfit.map((file) => unheldChange(file, newFile)),
      ...[...edited.unfit, ...unskipped.unfit].map((file) => unheldChange(file, editedFile)),
    ],
    copied: [...walk.gitFolders, ...sizes.large, ...(await alteredPointer(place))].filter(
      (name) => !hazards.moved.includes(name),
    ),
    named: [
      ...hazards.moved,
      ...walk.specials,
      ...sizes.unreadable,
      ...walk.closed.map((folder) => `${folder}/`),
      ...emptyFolders(walk, unusual, goneNames),
    ],
  };
}

/** Where there are no more files than the index tells of, git need not look for others, which takes it as long as all the rest. */
async function statusOf(
  request: LeftoverRequest,
  walk: DiskWalk,
): Promise<[Status, UnusualEntries]> {
  const { place, base } = request;
  const config = [...request.config, oneThread];
  const index = readFileSync(place.indexFile);
  const others = walk.fileCount > entryCount(index) || walk.gitFolders.length > 0;
  const asked = readStatus(place, { untracked: others, config });
  // Read meanwhile; what git has against the worktree is told when it is waited for.
  asked.catch(() => undefined);
  const unusual = await unusualEntries(place, index, base);
  const status = await asked;
  if (others) return [status, unusual];
  const gone = status.tracked.filter(
    ({ path: name, unstaged }) => unstaged !== "." && !isHoldable(place.workTree, name),
  );
  const all = walk.fileCount === unusual.written - gone.length;
  return [all ? status : await readStatus(place, { untracked: true, config }), unusual];
}

const newFile = { oldMode: absent, newMode: "100644" };
const editedFile = { oldMode: "100644", newMode: "100644" };

function indexEntry({ path: name, indexMode, indexOid }: StatusEntry): IndexEntry {
  return { path: name, mode: indexMode, oid: indexOid };
}

interface Untracked {
  readonly work: readonly string[];
  readonly extras: readonly string[];
  /** The outermost folders of repositories within, as far as the base does not ignore them. */
  readonly repositories: readonly string[];
}

async function sortUntracked(
  request: LeftoverRequest,
  status: Status,
  walk: DiskWalk,
): Promise<Untracked> {
  const { place, kept } = request;
  const isKept = (name: string): boolean =>
    kept.has(name) || foldersAbove(name).some((folder) => kept.has(folder));
  const shown = status.untracked.filter((name) => !name.endsWith("/"));
  const hidden = status.ignored.filter((name) => !name.endsWith("/") && !isKept(name));
  const folders = [...status.untracked, ...status.ignored]
    .filter((name) => name.endsWith("/"))
    .map((name) => name.slice(0, -1))
    .filter((name) => !isKept(name));
  const roots = repositoriesIn(folders, walk);
  const within = (name: string): boolean => foldersAbove(name).some((folder) => roots.has(folder));
  const expanded: string[] = [];
  for (const start of folders)
    expanded.push(...(await walkDisk(place.workTree, { start, skip: kept, files: true })).files);
  const ofRepositories = expanded.filter(within);
  const others = expanded.filter((name) => !within(name));
  const touched = [...status.tracked.map((entry) => entry.path), ...shown, ...hidden];
  if (request.excludeTrusted && !touched.some(isIgnoreFile)) {
    const seen = new Set(status.untracked);
    return {
      work: shown,
      extras: [...hidden, ...others, ...ofRepositories],
      repositories: [...roots].filter((root) => seen.has(`${root}/`)),
    };
  }
  const files = [...shown, ...hidden, ...others];
  const ignored = await ignoredByBase({ ...request, files, folders: [...roots] });
  return {
    work: files.filter((name) => !ignored.has(name)),
    extras: [...files.filter((name) => ignored.has(name) && !isKept(name)), ...ofRepositories],
    repositories: [...roots].filter((root) => !ignored.has(root)),
  };
}

/** The outermost repositories among folders that git shows as one. A `.git` in a folder with tracked files makes none. */
function repositoriesIn(folders: readonly string[], walk: DiskWalk): ReadonlySet<string> {
  const whole = new Set(folders);
  const roots = walk.gitFolders
    .map((name) => name.slice(0, -"/.git".length))
    .filter((root) => whole.has(root) || foldersAbove(root).some((folder) => whole.has(folder)));
  const all = new Set(roots);
  return new Set(roots.filter((root) => !foldersAbove(root).some((folder) => all.has(folder))));
}

/** Paths are bytes, as latin1. */
interface UsedModules {
  /** Folders of submodules with something in them, and the files there. */
  readonly used: readonly string[];
  readonly files: readonly string[];
  /** Where a file or a link has taken the place of the folder. */
  readonly replaced: readonly string[];
}

/** Submodules are not checked out: whatever lies where one is to be is the worker's, and git does not look at it. */
async function usedModules(workTree: string, unusual: UnusualEntries): Promise<UsedModules> {
  const used: string[] = [];
  const files: string[] = [];
  const replaced = unusual.gitlinks.filter((name) => isHoldable(workTree, name));
  const taken = new Set(replaced);
  for (const start of unusual.gitlinks) {
    if (taken.has(start) || foldersAbove(start).some((folder) => taken.has(folder))) continue;
    const walk = await walkDisk(workTree, { start, skip: new Set(), files: true });
    if (walk.files.length === 0 && walk.gitFolders.length === 0) continue;
    used.push(start);
    files.push(...walk.files);
  }
  return { used, files, replaced };
}

/** Whether there is a regular file or a link, and nothing but folders above it. */
function isHoldable(root: string, name: string): boolean {
  try {
    if (foldersAbove(name).some((folder) => !lstatSync(onDisk(root, folder)).isDirectory()))
      return false;
    const facts = lstatSync(onDisk(root, name));
    return facts.isFile() || facts.isSymbolicLink();
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}

/** Which files a commit can take, by their size and mode alone. */
class Sizes {
  readonly large: string[] = [];
  readonly unreadable: string[] = [];
  readonly #root: string;
  readonly #bytesMax: number;

  constructor(root: string, bytesMax: number) {
    this.#root = root;
    this.#bytesMax = bytesMax;
  }

  sort(names: readonly string[]): { readonly fit: string[]; readonly unfit: string[] } {
    const fit: string[] = [];
    const unfit: string[] = [];
    for (const name of names) (this.#fits(name) ? fit : unfit).push(name);
    return { fit, unfit };
  }

  #fits(name: string): boolean {
    const file = onDisk(this.#root, name);
    const facts = lstatSync(file, { throwIfNoEntry: false });
    if (facts === undefined || facts.isSymbolicLink()) return true;
    if (facts.size > this.#bytesMax) this.large.push(name);
    else if (!isReadable(file, facts.mode)) this.unreadable.push(name);
    else return true;
    return false;
  }
}

/** A file that its mode keeps from us is opened: it is ours. */
function isReadable(file: Buffer, mode: number): boolean {
  try {
    accessSync(file, constants.R_OK);
    return true;
  } catch (error) {
    if (errorCode(error) !== "EACCES") throw error;
  }
  try {
    chmodSync(file, (mode & 0o777) | 0o600);
    return true;
  } catch (error) {
    if (errorCode(error) !== "EPERM" && errorCode(error) !== "EACCES") throw error;
    return false;
  }
}

/** Empty folders of the worker's own, not those that it emptied. */
function emptyFolders(
  walk: DiskWalk,
  unusual: UnusualEntries,
  gone: ReadonlySet<string>,
): readonly string[] {
  const known = new Set([...unusual.gitlinks, ...[...gone].flatMap(foldersAbove)]);
  return walk.emptyFolders.filter((folder) => !known.has(folder)).map((folder) => `${folder}/`);
}

/** The worktree's own `.git` where a worker put something else in its place. */
async function alteredPointer(
  place: GitPlace & { readonly workTree: string },
): Promise<readonly string[]> {
  try {
    const text = await readFile(path.join(place.workTree, ".git"), "utf8");
    return text.trim() === `gitdir: ${place.gitDir}` ? [] : [".git"];
  } catch (error) {
    if (isAbsent(error)) return [];
    if (errorCode(error) === "EISDIR" || errorCode(error) === "EACCES") return [".git"];
    throw error;
  }
}
