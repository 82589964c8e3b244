/** Making worktrees of ours, one at a time within us, and forgiving what other processes (a user's prune, gc, list) do to a
 *  half-made one meanwhile. It must never write configuration, nor touch a worktree that does not bear our mark. */
import { existsSync } from "node:fs";
import { realpath } from "node:fs/promises";
import path from "node:path";
import { Failure } from "../core/failure.ts";
import type { RunId, Sha } from "../core/id.ts";
import { errorCode, readTextIfThere } from "../host/file.ts";
import { resetAdmin } from "./admin-dir.ts";
import { FolderMemory } from "./folder-memory.ts";
import { git } from "./git.ts";
import type { Written } from "./loose-slot.ts";
import type { Repository } from "./repository.ts";
import {
  adminEntries,
  type FoundSlot,
  lockReason,
  makeRoot,
  runWorktrees,
  type SlotHome,
  slotHome,
} from "./slot-home.ts";
import type { Unlike } from "./slot-restore.ts";
import { deleteTrees, openTrash, removeEmpty, type Trash } from "./trash.ts";

/** The worktrees of one run while it runs. There is one runner of a repository, and it has one pool. */
export interface SlotPool extends SlotHome {
  /** The admin directory of each slot that exists, by the slot's name. */
  readonly known: Map<string, string>;
  /** By the slot's name; see `notesOf`. */
  readonly notes: Map<string, SlotNotes>;
  readonly trash: SlotTrash;
  /** Does one thing after the other: git's own worktree commands break each other. */
  readonly oneAtATime: <T>(work: () => Promise<T>) => Promise<T>;
}

/** What this process knows of a slot, beside what lies on the disk. */
export interface SlotNotes {
  /** How its folder differs from a base, where a snapshot has just told and nothing has been in it since. */
  unlike: Unlike | undefined;
  /** Whose files git wrote into it, where that is all of them. */
  base: Sha | undefined;
  /** What was written into it, where it has no index. */
  written: Written | undefined;
  readonly memory: FolderMemory;
}

export function notesOf(pool: SlotPool, name: string): SlotNotes {
  const known = pool.notes.get(name);
  if (known !== undefined) return known;
  const memory = new FolderMemory();
  const notes = { unlike: undefined, base: undefined, written: undefined, memory };
  pool.notes.set(name, notes);
  return notes;
}

/** Two trashes, since a rename stays on its file system: one for folders, one for admin directories. */
export interface SlotTrash {
  readonly folders: Trash;
  readonly admin: Trash;
}

/** How often `worktree add` is tried. */
const addTries = 5;

/** Opens the pool of a run: worktrees that an earlier process of the run left whole are used again. A folder stays whatever
 *  became of its admin directory, since a worker's work may lie in it: it goes when its slot is prepared. The caller has
 *  proved that no earlier runner and no worker of the run lives. */
export async function openSlotPool(
  stateHome: string,
  repository: Repository,
  run: RunId,
): Promise<SlotPool> {
  const home = slotHome(stateHome, repository, run);
  await makeRoot(home);
  const known = new Map<string, string>();
  const notes = new Map<string, SlotNotes>();
  const pool = { ...home, known, notes, trash: openSlotTrash(home), oneAtATime: oneAtATime() };
  for (const found of await runWorktrees(home)) {
    if (found.state === "whole" && found.adminDir !== undefined)
      known.set(found.name, found.adminDir);
    else if (!existsSync(found.path)) await discardFound(pool.trash, found);
  }
  return pool;
}

/** Waits for the deleting of what was thrown away. The worktrees stay. */
export async function closeSlotPool(pool: SlotPool): Promise<void> {
  await emptySlotTrash(pool, pool.trash);
}

export function openSlotTrash(home: SlotHome): SlotTrash {
  return {
    folders: openTrash(path.join(path.dirname(home.root), `.trash-${home.run}`)),
    admin: openTrash(path.join(home.repository.commonDir, "pleach", `trash-${home.run}`)),
  };
}

export async function emptySlotTrash(home: SlotHome, trash: SlotTrash): Promise<void> {
  await trash.folders.empty();
  await trash.admin.empty();
  await removeEmpty(path.join(home.repository.commonDir, "pleach"));
}

/** Makes the worktree of a slot, without any file but its `.git`, and answers its admin directory. */
export function addWorktree(pool: SlotPool, name: string, base: Sha): Promise<string> {
  const folder = path.join(pool.root, name);
  const add = () => addOnce(pool, name, folder, base);
  return knownAfter(pool, name, add, async () => {
    await makeRoot(pool);
    await discardSlot(pool, name);
  });
}

/** Gives a folder of a slot that has lost its admin directory another one, which knows the commit and no file yet. Nothing in
 *  the folder is touched. */
export async function adoptFolder(pool: SlotPool, name: string, base: Sha): Promise<string> {
  // Git makes worktrees in empty folders only: it gets one, and the admin directory then leads to ours instead.
  const spare = path.join(pool.trash.folders.folder, `adopt-${process.pid}-${name}`, name);
  const clear = async () => {
    for (const { name: other, adminDir } of await adminEntries(pool))
      if (other === name && adminDir !== undefined) await pool.trash.admin.throwIn(adminDir);
    await deleteTrees([path.dirname(spare)]);
  };
  await clear();
  return knownAfter(pool, name, () => addOnce(pool, name, spare, base), clear);
}

/** Others may break a worktree while it is made: it is made again. */
function knownAfter(
  pool: SlotPool,
  name: string,
  add: () => Promise<string>,
  clear: () => Promise<void>,
): Promise<string> {
  return pool.oneAtATime(async () => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const adminDir = await add();
        pool.known.set(name, adminDir);
        return adminDir;
      } catch (error) {
        if (!isMendable(error) || attempt === addTries) throw error;
        await clear();
      }
    }
  });
}

/** Throws away whatever exists of a slot. */
export async function discardSlot(pool: SlotPool, name: string): Promise<void> {
  pool.known.delete(name);
  pool.notes.delete(name);
  for (const found of await runWorktrees(pool))
    if (found.name === name) await discardFound(pool.trash, found);
}

/** The admin directory goes first, by a rename: git knows the worktree whole or not at all. `git worktree prune` would do it
 *  too, but it would also prune what the user's disk only mislaid; the lock that holds it off is ours, and goes along. */
export async function discardFound(trash: SlotTrash, found: FoundSlot): Promise<void> {
  if (found.adminDir !== undefined) await trash.admin.throwIn(found.adminDir);
  await trash.folders.throwIn(found.path);
}

/** What making it anew may mend: git refused, or a file was not as it should be. A full disk, a repository that may not be
 *  written and a name in the way are for the user. */
export function isMendable(error: unknown): boolean {
  if (error instanceof Failure) return mendableCodes.has(error.code);
  return typeof errorCode(error) === "string" && error instanceof Error && "syscall" in error;
}

const mendableCodes = new Set(["git_failed", "folder_missing", "file_failed", "slot_broken"]);

async function addOnce(pool: SlotPool, name: string, folder: string, base: Sha): Promise<string> {
  await git(
    { gitDir: pool.repository.commonDir },
    [
      "worktree",
      "add",
      "--quiet",
      "--detach",
      "--no-checkout",
      "--lock",
      "--reason",
      lockReason(pool, name),
      "--",
      folder,
      base,
    ],
    { config: ["worktree.useRelativePaths=false"] },
  );
  const pointer = await readTextIfThere(path.join(folder, ".git"));
  const adminDir = pointer?.replace(/^gitdir: /, "").trimEnd() ?? "";
  const admins = path.join(pool.repository.commonDir, "worktrees");
  if (adminDir === "" || path.dirname(await realpath(adminDir)) !== admins)
    throw new Failure("repository", "slot_broken", `the worktree ${folder} vanished while made`, {
      advice: "see what else removes worktrees here, then try again",
    });
  resetAdmin(pool, name, adminDir);
  return adminDir;
}

function oneAtATime(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
}
