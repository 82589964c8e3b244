/** From a path that a model said to a place in the worktree. What a model says is untrusted: a path must never lead out of the
 *  worktree, not through a link either, nor to git's own files. Names are looked up at once, without a thread: every call of
 *  every agent begins here. */
import { lstatSync, realpathSync } from "node:fs";
import path from "node:path";
import { shown } from "../core/problem.ts";
import { errorCode, isAbsent } from "../host/file.ts";
import { refuse, withFile } from "./refusal.ts";

/** A place below a root, with every link resolved. */
export interface FilePlace {
  /** From the root, with `/`; empty for the root itself. */
  readonly path: string;
  /** Absolute, real as far as it exists. */
  readonly file: string;
}

export interface PathOptions {
  /** Whether a link at the end stands for what it leads to (as in reading and writing) or for itself. */
  readonly lastLink: "follow" | "itself";
}

const pathCharsMax = 4096;

/** Refuses what leaves the root or names `.git`. */
export async function placeIn(
  root: string,
  said: string,
  options: PathOptions = { lastLink: "follow" },
): Promise<FilePlace> {
  const real = realpathSync.native(root);
  const spelt = spelling(said, [root, real]);
  const file = path.join(real, spelt);
  const found =
    options.lastLink === "follow" || spelt === ""
      ? await resolved(file, said)
      : path.join(await resolved(path.dirname(file), said), path.basename(file));
  const inside = path.relative(real, found);
  if (leaves(inside)) refuse(`${shown(said)} leads out of the worktree through a link`);
  refuseGit(inside, said);
  return { path: inside, file: found };
}

/** The path from the root as it was said, without asking the disk. */
function spelling(said: string, roots: readonly string[]): string {
  if (said.length > pathCharsMax) refuse(`the path is longer than ${pathCharsMax} characters`);
  if (said.includes("\0")) refuse("the path holds a NUL character");
  if (said === "") refuse("the path is empty; the worktree's root is .");
  const normal = path.normalize(said).replace(/(?<=.)\/+$/, "");
  const inside = path.isAbsolute(normal)
    ? roots.map((root) => path.relative(root, normal)).find((one) => !leaves(one))
    : normal;
  if (inside === undefined || leaves(inside)) {
    refuse(`${shown(said)} lies outside the worktree: paths begin at the repository's root`);
  }
  refuseGit(inside, said);
  return inside === "." ? "" : inside;
}

function leaves(relative: string): boolean {
  return relative === ".." || relative.startsWith("../") || path.isAbsolute(relative);
}

/** However a file system may spell it. */
function refuseGit(inside: string, said: string): void {
  if (inside.split("/").some((part) => /^(?:\.git[. ]*|git~1)$/i.test(part))) {
    refuse(`${shown(said)} is git's own: it is neither read nor written`);
  }
}

async function resolved(file: string, said: string): Promise<string> {
  try {
    return realpathSync.native(file);
  } catch (error) {
    if (!isAbsent(error)) return withFile(said, "open", () => Promise.reject(error));
    if (errorCode(error) === "ENOTDIR") refuse(`a part of ${shown(said)} is a file, not a folder`);
  }
  if (await isLink(file)) refuse(`${shown(said)} is a link that leads nowhere, or lies behind one`);
  return path.join(await resolved(path.dirname(file), said), path.basename(file));
}

async function isLink(file: string): Promise<boolean> {
  try {
    return lstatSync(file).isSymbolicLink();
  } catch (error) {
    if (isAbsent(error)) return false;
    return withFile(path.basename(file), "look at", () => Promise.reject(error));
  }
}
