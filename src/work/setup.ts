/** Making a fresh worktree fit for work: files and folders that git does not hold come from the user's checkout, then the
 *  set-up commands run. It reads the user's checkout and writes only inside the worktree. */
import { constants, type Stats } from "node:fs";
import { copyFile, lstat, mkdir, realpath, stat } from "node:fs/promises";
import path from "node:path";
import { Failure, messageOf } from "../core/failure.ts";
import type { RepoPath } from "../core/id.ts";
import type { Command } from "../core/plan.ts";
import type { Setup } from "../core/settings.ts";
import { git, zeroSeparated } from "../git/git.ts";
import { workerEnvironment } from "../host/environment.ts";
import { fileFailure, isAbsent } from "../host/file.ts";
import type { Mark } from "../host/process-tree.ts";
import { runProcess, succeeded } from "../host/run-process.ts";
import type { Sandbox } from "../host/sandbox.ts";
import { cloneTree } from "../host/tree-copy.ts";
import { unattended } from "./check.ts";
import { outputBytesMax } from "./output-log.ts";
import { howItEnded } from "./process-end.ts";
import { oneLine } from "./tail.ts";

export interface SetupPlace {
  readonly worktree: string;
  /** The worktree's own folder in the repository, which is asked what set-up commands made. */
  readonly gitDir: string;
  /** The top level of the user's checkout. */
  readonly checkout: string;
  /** Where the output of the commands is added. */
  readonly logFile: string;
  /** Whose processes these are. */
  readonly mark: Mark;
  readonly sandbox?: Sandbox | undefined;
  /** How long one command may take; ten minutes if absent. */
  readonly timeoutMs?: number | undefined;
}

export type SetupOutcome =
  | {
      readonly type: "ready";
      /** What set-up put there and no snapshot needs: what was copied and cloned, and what git ignores, by its topmost folder. */
      readonly made: readonly RepoPath[];
      /** What set-up commands changed or added that git does not ignore: it would pass for the worker's. */
      readonly changed: readonly RepoPath[];
    }
  | { readonly type: "failed"; readonly message: string }
  | { readonly type: "stopped" };

const commandTimeoutMs = 600_000;

/** Throws a Failure where a path of `setup` is missing in the checkout or leads out of it. What the worktree has already
 *  is left as it is, so that doing it twice does no harm. */
export async function setUpWorktree(
  setup: Setup,
  place: SetupPlace,
  signal: AbortSignal,
): Promise<SetupOutcome> {
  try {
    signal.throwIfAborted();
    return await setUp(setup, place, signal);
  } catch (error) {
    if (signal.aborted) return { type: "stopped" };
    throw error;
  }
}

async function setUp(setup: Setup, place: SetupPlace, signal: AbortSignal): Promise<SetupOutcome> {
  const brought: RepoPath[] = [];
  for (const key of ["copy", "clone"] as const) {
    for (const name of setup[key]) {
      const relative = insidePath(`setup.${key}`, name);
      if (await bring(`setup.${key}`, relative, place, signal)) brought.push(relative);
    }
  }
  for (const command of setup.run) {
    const failed = await runSetupCommand(command, place, signal);
    signal.throwIfAborted();
    if (failed !== undefined) return { type: "failed", message: failed };
  }
  if (setup.run.length === 0) return { type: "ready", made: brought, changed: [] };
  return await whatCommandsMade(brought, place, signal);
}

/** The one line that says why the command failed; undefined where it did not. */
async function runSetupCommand(
  command: Command,
  place: SetupPlace,
  signal: AbortSignal,
): Promise<string | undefined> {
  const timeoutMs = place.timeoutMs ?? commandTimeoutMs;
  const result = await runProcess({
    command,
    cwd: place.worktree,
    env: workerEnvironment(unattended),
    mark: place.mark,
    timeoutMs,
    signal,
    logFile: place.logFile,
    outputBytesMax,
    ...(place.sandbox === undefined ? {} : { sandbox: place.sandbox }),
  });
  if (succeeded(result)) return undefined;
  const said = typeof command === "string" ? command : command.join(" ");
  return `set-up: \`${oneLine(said).slice(0, 100)}\` ${howItEnded(result, timeoutMs)}`;
}

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

/** Whether something was brought: what is there already, as tracked files are, stays. */
async function bring(
  key: string,
  name: RepoPath,
  place: SetupPlace,
  signal: AbortSignal,
): Promise<boolean> {
  const from = await sourceOf(key, name, place.checkout);
  const to = path.join(place.worktree, name);
  try {
    await requireInside(key, name, place.worktree);
    if ((await statsOf(to)) !== undefined) return false;
    await mkdir(path.dirname(to), { recursive: true });
    if (from.stats.isDirectory()) await cloneTree(from.file, to, { signal });
    else await copyFile(from.file, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    return true;
  } catch (error) {
    throw fileFailure(error, `bring ${name} into ${place.worktree} (${key})`);
  }
}

/** A link in the checkout stands for what it leads to: a worktree never shares a folder with the checkout. */
async function sourceOf(key: string, name: RepoPath, checkout: string) {
  const advice = `make it in your checkout, or take it out of ${key}`;
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

/** A fresh worktree holds nothing ignored and no change, so that all of these are the set-up's. */
async function whatCommandsMade(
  brought: readonly RepoPath[],
  place: SetupPlace,
  signal: AbortSignal,
): Promise<SetupOutcome> {
  const list = async (...args: readonly string[]) => {
    const where = { gitDir: place.gitDir, workTree: place.worktree };
    const shared = ["ls-files", "-z", "--others", "--exclude-standard"];
    const answer = await git(where, [...shared, ...args], { signal });
    return zeroSeparated(answer.stdout).map((each) => each.replace(/\/$/, "") as RepoPath);
  };
  const ignored = await list("--ignored", "--directory");
  const changed = await list("--modified");
  const made = new Set([...brought, ...ignored]);
  const within = (each: string) =>
    [...made].some((one) => each === one || each.startsWith(`${one}/`));
  return {
    type: "ready",
    made: [...made],
    changed: [...new Set(changed)].filter((each) => !within(each)),
  };
}
