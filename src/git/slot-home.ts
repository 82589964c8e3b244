/** Where the worktrees of a run live, and how we know one for ours: a marker in its admin directory, the words of its lock,
 *  a marker in the folder that holds them all. What bears none of these is not ours and is never touched. */
import { existsSync } from "node:fs";
import { lstat, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { invariant } from "../core/failure.ts";
import { isRunId, type RunId } from "../core/id.ts";
import { errorCode, fileFailure, isAbsent, readTextIfThere } from "../host/file.ts";
import type { Repository } from "./repository.ts";

export type SlotNumber = number | "integration";

/** The worktrees of one run of one repository. */
export interface SlotHome {
  readonly repository: Repository;
  readonly run: RunId;
  /** The folder of the slots, named for the run. */
  readonly root: string;
}

/** A worktree of ours that exists, whole or not. */
export interface FoundSlot {
  readonly name: string;
  readonly path: string;
  /** Absent where git knows nothing of the folder (any more). */
  readonly adminDir?: string;
  /** Half-made ones lack our mark or the folder, because somebody was killed while it was made or removed. Whatever a worker
   *  put in the place of the folder's `.git`, it is whole. */
  readonly state: "whole" | "half_made";
}

export const markerName = "pleach.json";

export function slotHome(stateHome: string, repository: Repository, run: RunId): SlotHome {
  return { repository, run, root: worktreeRoot(stateHome, repository, run) };
}

/** `<state directory>/worktrees/<repository>/<run>`. */
export function worktreeRoot(stateHome: string, repository: Repository, run: RunId): string {
  invariant(isRunId(run), `not a run: ${JSON.stringify(run)}`);
  return path.join(path.resolve(stateHome), "worktrees", repository.name, run);
}

export function slotName(number: SlotNumber): string {
  return number === "integration" ? "integration" : `slot-${number}`;
}

export function slotPath(home: SlotHome, number: SlotNumber): string {
  return path.join(home.root, slotName(number));
}

/** The words of the lock that keeps a user's `git worktree prune` away. */
export function lockReason(home: SlotHome, name: string): string {
  return `pleach ${home.run}/${name}`;
}

export function markerText(home: SlotHome, name: string): string {
  return `${JSON.stringify({ run: home.run, slot: name })}\n`;
}

/** Makes the folder of the slots, with our mark in it before anything else is. */
export async function makeRoot(home: SlotHome): Promise<void> {
  try {
    await mkdir(home.root, { recursive: true });
    await writeFile(path.join(home.root, markerName), markerText(home, "all"));
  } catch (error) {
    throw fileFailure(error, `make ${home.root}`);
  }
}

/** Whether the folder of the slots is one that we made for this run. */
export async function isOurRoot(home: SlotHome): Promise<boolean> {
  return (await readTextIfThere(path.join(home.root, markerName))) === markerText(home, "all");
}

/** Everything of the run that exists, sorted by name: what git knows, and folders that it does not know. */
export async function runWorktrees(home: SlotHome): Promise<readonly FoundSlot[]> {
  const entries = await adminEntries(home);
  const known = new Set(entries.map((slot) => slot.name));
  const folders = (await isOurRoot(home)) ? await foldersIn(home.root) : [];
  const unknown: FoundSlot[] = [];
  for (const name of folders) {
    const folder = path.join(home.root, name);
    if (isSlotName(name) && !known.has(name) && !(await isWorktreeOfOthers(folder)))
      unknown.push({ name, path: folder, state: "half_made" });
  }
  return [...entries, ...unknown].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The admin directories that bear our mark, or our lock from before the mark was set. */
export async function adminEntries(home: SlotHome): Promise<readonly FoundSlot[]> {
  const folder = path.join(home.repository.commonDir, "worktrees");
  const found = await Promise.all(
    (await foldersIn(folder)).map((name) => adminEntry(home, path.join(folder, name))),
  );
  return found.filter((slot) => slot !== undefined);
}

/** The slot that an admin directory stands for, if it is one of this run. */
export async function adminEntry(home: SlotHome, adminDir: string): Promise<FoundSlot | undefined> {
  const marker = await readTextIfThere(path.join(adminDir, markerName));
  const locked = (await readTextIfThere(path.join(adminDir, "locked")))?.trim();
  const name = slotNamed(home, marker, locked);
  if (name === undefined) return undefined;
  const folder = path.join(home.root, name);
  const whole = marker !== undefined && existsSync(folder);
  return { name, path: folder, adminDir, state: whole ? "whole" : "half_made" };
}

/** A small file where a worker may have put anything; undefined where there is none that can be read. */
export async function readPlainText(file: string): Promise<string | undefined> {
  try {
    return (await lstat(file)).isFile() ? await readFile(file, "utf8") : undefined;
  } catch (error) {
    if (isAbsent(error) || errorCode(error) === "EACCES") return undefined;
    throw fileFailure(error, `read ${file}`);
  }
}

export function pointerText(adminDir: string): string {
  return `gitdir: ${adminDir}\n`;
}

function slotNamed(
  home: SlotHome,
  marker: string | undefined,
  locked: string | undefined,
): string | undefined {
  const names = [slotOfMarker(marker, home.run), locked?.slice(`pleach ${home.run}/`.length)];
  for (const name of names) {
    if (name === undefined || !isSlotName(name)) continue;
    if (marker === markerText(home, name)) return name;
    // Half-made: our lock is set at once, the mark when git has done its part.
    if (marker === undefined && locked === lockReason(home, name)) return name;
  }
  return undefined;
}

function slotOfMarker(marker: string | undefined, run: RunId): string | undefined {
  const start = `{"run":"${run}","slot":"`;
  return marker?.startsWith(start) ? marker.slice(start.length, -3) : undefined;
}

/** Git knows it, and its admin directory bears no mark of ours: the user made it there. */
async function isWorktreeOfOthers(folder: string): Promise<boolean> {
  const adminDir = (await readPlainText(path.join(folder, ".git")))
    ?.replace(/^gitdir: /, "")
    .trimEnd();
  if (adminDir === undefined || !path.isAbsolute(adminDir)) return false;
  const back = await readTextIfThere(path.join(adminDir, "gitdir"));
  return back?.trimEnd() === path.join(folder, ".git");
}

function isSlotName(name: string): boolean {
  return name === "integration" || /^slot-\d{1,9}$/.test(name);
}

async function foldersIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw fileFailure(error, `list ${folder}`);
  }
}
