/** A pool of worktrees that are made once and used again for unit after unit. Each time one is prepared it holds exactly the
 *  files of its base, whatever the last worker left in it or did to it; nothing that a worker could write is believed. */
import {
  constants,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { RefName, RepoPath, Sha } from "../core/id.ts";
import { fileFailure, isAbsent, readTextIfThere } from "../host/file.ts";
import { pointHead, resetAdmin, resetPointer, slotIndex } from "./admin-dir.ts";
import { differenceOf } from "./difference.ts";
import { type GitPlace, git } from "./git.ts";
import { indexedPaths } from "./index-file.ts";
import { writeLoose } from "./loose-slot.ts";
import { attributesFile } from "./plain-content.ts";
import { putRef } from "./ref.ts";
import { markerName, markerText, type SlotNumber, slotName, slotPath } from "./slot-home.ts";
import { restoreKnown, type Unlike } from "./slot-restore.ts";
import { sparseConfig, sparsePatterns } from "./sparse.ts";
import { tidyFolder } from "./tidy-folder.ts";
import { addWorktree, discardSlot, isMendable, notesOf, type SlotPool } from "./worktree.ts";

/** A worktree that is ready for an attempt. */
export interface Slot {
  readonly number: SlotNumber;
  readonly path: string;
  readonly adminDir: string;
  /** Where git looks for it: by its admin directory, never by the `.git` file that a worker could change. */
  readonly gitPlace: GitPlace;
}

export type Checkout =
  | { readonly mode: "full" }
  /** Only these files are written; those that do not exist in the base are passed over. */
  | {
      readonly mode: "sparse";
      readonly paths: readonly RepoPath[];
      /** Nobody will ask git in this worktree: see loose-slot.ts. */
      readonly loose?: boolean;
    };

export interface SlotContent {
  readonly base: Sha;
  /** The branch that is checked out; it is put at the base. Detached without one. */
  readonly branch?: RefName;
  readonly checkout: Checkout;
}

/** Makes the slot hold exactly the content: first made, emptied, or made again if it was broken or deleted under us. The
 *  caller has saved what the last worker left, and proved that nothing of it still runs. */
export async function prepareSlot(
  pool: SlotPool,
  number: SlotNumber,
  content: SlotContent,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Slot> {
  const { signal } = options;
  try {
    return await prepareOnce(pool, number, content, signal);
  } catch (error) {
    signal?.throwIfAborted();
    if (!isMendable(error)) throw error;
  }
  await discardSlot(pool, slotName(number));
  return prepareOnce(pool, number, content, signal);
}

async function prepareOnce(
  pool: SlotPool,
  number: SlotNumber,
  content: SlotContent,
  signal: AbortSignal | undefined,
): Promise<Slot> {
  const name = slotName(number);
  const folder = slotPath(pool, number);
  const known = await usableAdmin(pool, name, folder);
  const adminDir = known ?? (await addWorktree(pool, name, content.base));
  const slot = { number, path: folder, adminDir, gitPlace: { gitDir: adminDir, workTree: folder } };
  const notes = notesOf(pool, name);
  const { unlike, base: held } = notes;
  notes.unlike = undefined;
  notes.written = undefined;
  notes.base = undefined;
  const branch = content.branch;
  const how = signal === undefined ? {} : { signal };
  // Both are waited for, also when one fails: nothing of ours may still be running in the slot then.
  const [moved, filled] = await Promise.allSettled([
    // From whatever an earlier attempt left it at: its snapshot has that.
    branch === undefined ? undefined : putRef(pool.repository, atBase(branch, content.base), how),
    fill(pool, slot, content, { fresh: known === undefined, unlike, held, signal }),
  ]);
  if (moved.status === "rejected") throw moved.reason;
  if (filled.status === "rejected") throw filled.reason;
  if (branch !== undefined) await pointHead(pool, adminDir, { branch });
  if (content.checkout.mode === "full") notes.base = content.base;
  return slot;
}

/** Most attempts are first ones, of a unit that has no branch yet. */
function atBase(ref: RefName, base: Sha) {
  return { ref, new: base, likely: null };
}

/** The admin directory of a slot that was made before, if it still bears our mark and its folder is one. */
async function usableAdmin(
  pool: SlotPool,
  name: string,
  folder: string,
): Promise<string | undefined> {
  const adminDir = pool.known.get(name);
  if (adminDir === undefined && !existsSync(folder)) return undefined;
  const marker = adminDir && (await readTextIfThere(path.join(adminDir, markerName)));
  if (marker === markerText(pool, name) && isFolder(folder)) return adminDir;
  await discardSlot(pool, name);
  return undefined;
}

/** The index that we keep says what we wrote and when; git restores whatever differs from it. */
async function fill(
  pool: SlotPool,
  slot: Slot,
  content: SlotContent,
  how: {
    readonly fresh: boolean;
    readonly unlike: Unlike | undefined;
    /** The base that it was prepared with before, where that is known. */
    readonly held: Sha | undefined;
    readonly signal: AbortSignal | undefined;
  },
): Promise<void> {
  const { base, checkout } = content;
  const indexFile = slotIndex(slot.adminDir, checkout.mode);
  resetAdmin(pool, slotName(slot.number), slot.adminDir);
  await pointHead(pool, slot.adminDir, { commit: base });
  rmSync(slotIndex(slot.adminDir, checkout.mode === "full" ? "sparse" : "full"), { force: true });
  const place = { ...slot.gitPlace, indexFile };
  const signal = how.signal === undefined ? {} : { signal: how.signal };
  const { unlike } = how;
  const { commonDir, standing } = pool.repository;
  const config = [...disposable, ...sparseConfig(checkout.mode)];
  if (!how.fresh && unlike !== undefined && checkout.mode === "full") {
    const whole = { gitDir: slot.adminDir, workTree: slot.path, indexFile, standing };
    const restoring = { place: whole, commonDir, unlike, base, config, ...signal };
    if (await restoreKnown(restoring)) {
      resetPointer(slot.path, slot.adminDir);
      return publishIndex(slot.adminDir, indexFile);
    }
  }
  if (!how.fresh) {
    const alike = checkout.mode === "full" && (await isWrittenAlike(pool, how.held, base));
    const tidied = alike && (await tidy(pool, slot, indexFile, base));
    if (!tidied) await renewFolder(pool, slot, indexFile);
    resetPointer(slot.path, slot.adminDir);
  }
  if (await fillLoosely(pool, slot, content)) return;
  if (checkout.mode === "sparse") writePatterns(slot.adminDir, checkout.paths);
  await git(
    place,
    ["checkout", "--quiet", "--force", "--detach", "--no-recurse-submodules", base],
    { config, ...signal },
  );
  publishIndex(slot.adminDir, indexFile);
  rmSync(path.join(slot.adminDir, "info"), { recursive: true, force: true });
}

/** True where the files lie there, and git knows of none of them. */
async function fillLoosely(
  pool: SlotPool,
  slot: Slot,
  { base, checkout }: SlotContent,
): Promise<boolean> {
  const { standing } = pool.repository;
  if (standing === undefined || checkout.mode === "full" || checkout.loose !== true) return false;
  const written = await writeLoose(standing, slot.path, { base, paths: checkout.paths });
  if (written === undefined) return false;
  rmSync(slotIndex(slot.adminDir, "sparse"), { force: true });
  notesOf(pool, slotName(slot.number)).written = written;
  return true;
}

/** A slot can be made again: nothing in it needs to outlive a power cut. Its index must be a plain one whatever the user
 *  likes for theirs, and must notice every change of a file. */
const disposable = [
  "core.fsync=none",
  "core.logAllRefUpdates=false",
  "core.trustctime=true",
  "core.checkStat=default",
  "core.ignoreStat=false",
  "index.version=2",
  "core.splitIndex=false",
  "core.untrackedCache=false",
  "index.sparse=false",
  // Several worktrees are filled at once: threads for each of them only get into each other's way.
  "core.preloadIndex=false",
];

/** Whether files that two bases share are the same on the disk too: line ends and filters are told by attributes, and git leaves
 *  alone what differs in these only. */
async function isWrittenAlike(
  { repository: { commonDir, standing } }: SlotPool,
  held: Sha | undefined,
  base: Sha,
): Promise<boolean> {
  if (held === undefined || held === base) return held === base;
  const between = await differenceOf({ gitDir: commonDir, standing }, held, base);
  return !between.some((difference) => difference.path.endsWith(attributesFile));
}

/** False where our index cannot be read: the folder is then made anew. */
async function tidy(pool: SlotPool, slot: Slot, indexFile: string, base: Sha): Promise<boolean> {
  const index = await readIfThere(indexFile);
  const tracked = index && indexedPaths(index, base.length === 40 ? 20 : 32);
  if (tracked === undefined) return false;
  await tidyFolder(slot.path, tracked, pool.trash.folders);
  return true;
}

/** For a sparse slot an empty folder is nearer than a tidy one. */
async function renewFolder(pool: SlotPool, slot: Slot, indexFile: string): Promise<void> {
  if (indexFile === slotIndex(slot.adminDir, "full")) rmSync(indexFile, { force: true });
  await pool.trash.folders.throwIn(slot.path);
  try {
    mkdirSync(slot.path);
  } catch (error) {
    throw fileFailure(error, `make ${slot.path}`);
  }
}

function writePatterns(adminDir: string, paths: readonly RepoPath[]): void {
  const folder = path.join(adminDir, "info");
  try {
    mkdirSync(folder);
    writeFileSync(path.join(folder, "sparse-checkout"), sparsePatterns(paths));
  } catch (error) {
    throw fileFailure(error, `write ${folder}`);
  }
}

/** Gives the worker's git an index; ours is not shown to it. */
function publishIndex(adminDir: string, indexFile: string): void {
  const draft = path.join(adminDir, "index.pleach");
  try {
    copyFileSync(indexFile, draft, constants.COPYFILE_FICLONE);
    renameSync(draft, path.join(adminDir, "index"));
  } catch (error) {
    throw fileFailure(error, `copy ${indexFile}`);
  }
}

function isFolder(file: string): boolean {
  try {
    return lstatSync(file, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw fileFailure(error, `look at ${file}`);
  }
}

async function readIfThere(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw fileFailure(error, `read ${file}`);
  }
}
