/** Bringing what git does not hold from the user's checkout into a worktree. The checkout is only read; nothing is written
 *  outside of the worktree, and nothing that is there is replaced. */
import { constants, type Stats } from "node:fs";
import { copyFile, lstat, mkdir, realpath, stat } from "node:fs/promises";
import path from "node:path";
import { Failure, messageOf } from "../core/failure.ts";
import type { RepoPath } from "../core/id.ts";
import type { Setup } from "../core/settings.ts";
import { fileFailure, isAbsent } from "../host/file.ts";
import { cloneTree } from "../host/tree-copy.ts";

export interface Wanted {
  /** The key of the configuration that names it. */
  readonly key: string;
  readonly name: string;
}

/** Throws a Failure for what a run could not bring into any worktree, before it begins. */
export async function requireSources(setup: Setup, checkout: string): Promise<void> {
  for (const { key, name } of wantedOf(setup)) {
    const advice = `make it in your checkout, or take it out of ${key}`;
    await sourceOf({ key, name: insidePath(key, name), advice }, checkout);
  }
}

export function wantedOf(setup: Setup): readonly Wanted[] {
  const keys = ["copy", "clone"] as const;
  return keys.flatMap((key) => setup[key].map((name) => ({ key: `setup.${key}`, name })));
}

/** The path of what was brought; undefined where the worktree has it already, as it has every tracked file. Throws a Failure
 *  where the checkout has no such thing or the path leads out of the worktree. */
export async function bringFromCheckout(
  { key, name }: Wanted,
  place: { readonly checkout: string; readonly worktree: string },
  signal: AbortSignal,
): Promise<RepoPath | undefined> {
  const inside = insidePath(key, name);
  const from = await sourceOf({ key, name: inside, advice: laterAdvice }, place.checkout);
  const to = path.join(place.worktree, inside);
  try {
    await requireInside(key, inside, place.worktree);
    if ((await statsOf(to)) !== undefined) return undefined;
    await mkdir(path.dirname(to), { recursive: true });
    if (from.stats.isDirectory()) await cloneTree(from.file, to, { signal });
    else await copyFile(from.file, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    return inside;
  } catch (error) {
    throw fileFailure(error, `bring ${inside} into ${place.worktree} (${key})`);
  }
}

/** It was there when the run began, and a run goes by what it was told then. */
const laterAdvice =
  "make it again in your checkout, then `pleach resume`; to do without it, `pleach cancel` this run, change the configuration and begin a new one";

/** A path of the configuration, relative to the top of the repository. */
function insidePath(key: string, name: string): RepoPath {
  const relative = path.posix.normalize(name).replace(/\/+$/, "");
  const parts = relative.split("/");
  const leaves =
    path.posix.isAbsolute(relative) || name.includes("\0") || parts[0] === ".." || relative === ".";
  if (leaves || parts.some((part) => part.toLowerCase() === ".git")) {
    throw new Failure("usage", "setup_path", `${key} names ${JSON.stringify(name)}`, {
      advice: "name paths inside the repository, relative to its top, and nothing in .git",
    });
  }
  return relative as RepoPath;
}

/** A link in the checkout stands for what it leads to: a worktree never shares a folder with the checkout. */
async function sourceOf({ key, name, advice }: Wanted & { advice: string }, checkout: string) {
  try {
    const file = await realpath(path.join(checkout, name));
    const stats = await stat(file);
    if (stats.isDirectory() || stats.isFile()) return { file, stats };
  } catch (error) {
    const message = `${key} names ${name}, which cannot be read in ${checkout}: ${messageOf(error)}`;
    throw new Failure("environment", "setup_missing", message, { advice, cause: error });
  }
  const message = `${key} names ${name}, which is neither a file nor a folder`;
  throw new Failure("environment", "setup_missing", message, { advice });
}

/** A link that is tracked in the repository must not lead us out of the worktree. */
async function requireInside(key: string, name: RepoPath, worktree: string): Promise<void> {
  const top = await realpath(worktree);
  let folder = path.join(top, path.dirname(name));
  while ((await statsOf(folder)) === undefined) folder = path.dirname(folder);
  const real = await realpath(folder);
  if (real === top || real.startsWith(`${top}${path.sep}`)) return;
  const message = `${key} names ${name}, which lies behind a link that leads out of the worktree`;
  throw new Failure("usage", "setup_path", message, {
    advice: `take it out of ${key}, or replace the link`,
  });
}

async function statsOf(file: string): Promise<Stats | undefined> {
  try {
    return await lstat(file);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}
