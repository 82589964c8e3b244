/** The admin directory of a worktree of ours, brought back to what we rely on: a worker without a sandbox may have written
 *  there, or been killed in the middle of it. Nothing is written through a link that it may have planted. */
import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import type { RefName, Sha } from "../core/id.ts";
import { fileFailure } from "../host/file.ts";
import { git } from "./git.ts";
import { lockReason, markerName, markerText, pointerText, type SlotHome } from "./slot-home.ts";

/** Our own record of what we wrote into the folder: the worktree's `index`, which a worker may change, is only a copy. */
export function slotIndex(adminDir: string, mode: "full" | "sparse"): string {
  return path.join(adminDir, `pleach-${mode}.index`);
}

/** Leaves nothing in the directory but what makes it a worktree (and our indexes), and writes that anew. These are a few tiny
 *  files on a local disk: one after the other without waiting is many times faster than each in a thread. */
export function resetAdmin(home: SlotHome, name: string, adminDir: string): void {
  const texts: Readonly<Record<string, string>> = {
    commondir: "../..\n",
    gitdir: `${path.join(home.root, name, ".git")}\n`,
    locked: `${lockReason(home, name)}\n`,
    [markerName]: markerText(home, name),
  };
  const kept = new Set([
    ...Object.keys(texts),
    "HEAD",
    path.basename(slotIndex(adminDir, "full")),
    path.basename(slotIndex(adminDir, "sparse")),
    ...(hasReftable(home) ? ["reftable", "refs"] : []),
  ]);
  try {
    for (const entry of readdirSync(adminDir))
      if (!kept.has(entry)) rmSync(path.join(adminDir, entry), { recursive: true, force: true });
    for (const [file, text] of Object.entries(texts))
      replaceIfOther(path.join(adminDir, file), text);
  } catch (error) {
    throw fileFailure(error, `reset ${adminDir}`);
  }
}

/** The `.git` file of the worktree's folder, by which a worker's git finds its way. */
export function resetPointer(folder: string, adminDir: string): void {
  const pointer = path.join(folder, ".git");
  try {
    const facts = lstatSync(pointer, { throwIfNoEntry: false });
    if (facts?.isDirectory()) rmSync(pointer, { recursive: true });
    replaceIfOther(pointer, pointerText(adminDir));
  } catch (error) {
    throw fileFailure(error, `write ${pointer}`);
  }
}

/** What is checked out: a commit, or a branch by its name. Written as a file, since git refuses to start where HEAD is
 *  broken; where HEAD is no file (reftable) git is asked. */
export async function pointHead(
  home: SlotHome,
  adminDir: string,
  to: { readonly commit: Sha } | { readonly branch: RefName },
): Promise<void> {
  if (!hasReftable(home)) {
    replaceIfOther(
      path.join(adminDir, "HEAD"),
      "branch" in to ? `ref: ${to.branch}\n` : `${to.commit}\n`,
    );
    return;
  }
  const place = { gitDir: adminDir };
  if ("branch" in to) await git(place, ["symbolic-ref", "HEAD", to.branch]);
  else await git(place, ["update-ref", "--no-deref", "HEAD", to.commit]);
}

function hasReftable(home: SlotHome): boolean {
  return existsSync(path.join(home.repository.commonDir, "reftable"));
}

/** By rename: a link at that name is replaced, never followed. */
function replaceIfOther(file: string, text: string): void {
  const facts = lstatSync(file, { throwIfNoEntry: false });
  if (
    facts?.isFile() &&
    facts.size === Buffer.byteLength(text) &&
    readFileSync(file, "utf8") === text
  )
    return;
  const draft = `${file}.pleach`;
  rmSync(draft, { force: true });
  writeFileSync(draft, text, { flag: "wx" });
  renameSync(draft, file);
}
