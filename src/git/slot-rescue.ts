/** A worktree whose admin directory, or our index in it, was deleted while a worker had the folder: git is told of the folder
 *  again, so that a snapshot can hold what lies in it. Not a byte in the folder changes, but for the `.git` file of ours. */
import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import path from "node:path";
import { fileFailure } from "../host/file.ts";
import { pointHead, resetPointer, slotIndex } from "./admin-dir.ts";
import { type GitPlace, git, zeroSeparated } from "./git.ts";
import { pathToBytes } from "./path-text.ts";
import type { Checkout, Slot, SlotContent } from "./slot.ts";
import { markerName, markerText, pointerText, readPlainText, slotName } from "./slot-home.ts";
import { adoptFolder, type SlotPool } from "./worktree.ts";

/** Answers the slot as it is, or with another admin directory where its own is gone. Its folder exists, and was prepared with
 *  this content. */
export async function readmitSlot(pool: SlotPool, slot: Slot, content: SlotContent): Promise<Slot> {
  const adminDir = await adminOf(pool, slot, content);
  await requireIndex(adminDir, content);
  return { ...slot, adminDir, gitPlace: { gitDir: adminDir, workTree: slot.path } };
}

async function adminOf(pool: SlotPool, slot: Slot, content: SlotContent): Promise<string> {
  const name = slotName(slot.number);
  if (await isOurs(pool, slot.adminDir, slot)) return slot.adminDir;
  const known = pool.known.get(name);
  const found = known !== undefined && (await isOurs(pool, known, slot)) ? known : undefined;
  const adminDir = found ?? (await adoptFolder(pool, name, content.base));
  const { base: commit, branch } = content;
  await pointHead(pool, adminDir, branch === undefined ? { commit } : { branch });
  const pointer = await readPlainText(path.join(slot.path, ".git"));
  if (pointer === pointerText(slot.adminDir)) resetPointer(slot.path, adminDir);
  return adminDir;
}

/** A worker may have taken our mark away, but then it leads to the folder still. The user may have made a worktree since that
 *  bears the name. */
async function isOurs(pool: SlotPool, adminDir: string, slot: Slot): Promise<boolean> {
  const marker = await readPlainText(path.join(adminDir, markerName));
  if (marker === markerText(pool, slotName(slot.number))) return true;
  const back = await readPlainText(path.join(adminDir, "gitdir"));
  return back?.trim() === path.join(slot.path, ".git");
}

/** Our index of what was written into the folder: the base, without the files that a sparse checkout had left out. */
async function requireIndex(adminDir: string, { base, checkout }: SlotContent): Promise<void> {
  const file = slotIndex(adminDir, checkout.mode);
  if (existsSync(file)) return;
  const draft = `${file}.draft`;
  const place = { gitDir: adminDir, indexFile: draft };
  try {
    await rm(draft, { force: true });
    await git(place, ["read-tree", base], { config: indexSettings });
    await skipLeftOut(place, checkout);
    await rename(draft, file);
  } catch (error) {
    throw fileFailure(error, `write ${file}`);
  }
}

/** As `fill` in slot.ts has them. */
const indexSettings = ["index.version=2", "core.splitIndex=false", "index.sparse=false"];

async function skipLeftOut(place: GitPlace, checkout: Checkout): Promise<void> {
  if (checkout.mode === "full") return;
  const written = new Set(checkout.paths.map(pathToBytes));
  const all = await git(place, ["ls-files", "-z"], { encoding: "latin1" });
  const left = zeroSeparated(all.stdout).filter((name) => !written.has(name));
  if (left.length === 0) return;
  const input = Buffer.from(left.map((name) => `${name}\0`).join(""), "latin1");
  const args = ["update-index", "--skip-worktree", "-z", "--stdin"];
  await git(place, args, { config: indexSettings, input });
}
