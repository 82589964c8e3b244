/** Copies a folder into a worktree so that nothing done to the copy reaches the original: copy-on-write where the file system
 *  can, never a hard link, never a link to the folder as a whole. */
import { constants } from "node:fs";
import {
  chmod,
  copyFile,
  lstat,
  mkdir,
  readdir,
  readlink,
  realpath,
  symlink,
} from "node:fs/promises";
import path from "node:path";
import { Failure } from "../core/failure.ts";
import { errorCode, fileFailure, isAbsent } from "./file.ts";

export interface TreeCopy {
  /** What can only exist once: sockets, pipes, devices; absolute paths in the original. */
  readonly skipped: readonly string[];
}

interface Folder {
  readonly from: string;
  readonly to: string;
}

const concurrency = 16;
const ownerWritable = 0o700;

/** Copies the folder `from` (or what a link there points at) to `to`. Links within stay as they are written, modes are kept,
 *  nothing that is there already is replaced. Throws the signal's reason when aborted; the part made so far stays. */
export async function cloneTree(
  from: string,
  to: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<TreeCopy> {
  const skipped: string[] = [];
  const modes: { file: string; mode: number }[] = [];
  try {
    const root = await realpath(from);
    await mkdir(path.dirname(to), { recursive: true });
    const open: Folder[] = [{ from: root, to }];
    for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
      options.signal?.throwIfAborted();
      modes.push({ file: folder.to, mode: await makeFolder(folder) });
      open.push(...(await copyEntries(folder, skipped, options.signal)));
    }
    // Only now, and from within: a folder that may not be written must be filled first.
    for (const { file, mode } of modes.reverse()) await chmod(file, mode);
    return { skipped };
  } catch (error) {
    options.signal?.throwIfAborted();
    throw fileFailure(error, `copy ${from} to ${to}`);
  }
}

async function makeFolder(folder: Folder): Promise<number> {
  const { mode } = await lstat(folder.from);
  try {
    await mkdir(folder.to, { mode: mode | ownerWritable });
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
    const there = await lstat(folder.to);
    // Following a link that is there would write somewhere else.
    if (!there.isDirectory()) throw inTheWay(folder.to, error);
  }
  return mode & 0o7777;
}

async function copyEntries(
  folder: Folder,
  skipped: string[],
  signal: AbortSignal | undefined,
): Promise<readonly Folder[]> {
  const entries = await readdir(folder.from, { withFileTypes: true });
  const folders: Folder[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let entry = entries[next++]; entry !== undefined; entry = entries[next++]) {
      signal?.throwIfAborted();
      const from = path.join(folder.from, entry.name);
      const to = path.join(folder.to, entry.name);
      if (entry.isDirectory()) folders.push({ from, to });
      else if (entry.isSymbolicLink()) await copyLink(from, to);
      else if (entry.isFile()) await copyPlainFile(from, to);
      else skipped.push(from);
    }
  };
  const lanes = Array.from({ length: Math.min(concurrency, entries.length) }, lane);
  // All lanes end before a failure is told: nothing goes on writing behind the caller's back.
  const failed = (await Promise.allSettled(lanes)).find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  return folders;
}

async function copyPlainFile(from: string, to: string): Promise<void> {
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
  } catch (error) {
    if (errorCode(error) === "EEXIST") throw inTheWay(to, error);
    // A file that went away while we copied was not to stay.
    if (!(isAbsent(error) && (await isGone(from)))) throw error;
  }
}

async function copyLink(from: string, to: string): Promise<void> {
  try {
    await symlink(await readlink(from), to);
  } catch (error) {
    if (errorCode(error) === "EEXIST") throw inTheWay(to, error);
    throw error;
  }
}

async function isGone(file: string): Promise<boolean> {
  try {
    await lstat(file);
    return false;
  } catch (error) {
    if (isAbsent(error)) return true;
    throw error;
  }
}

function inTheWay(file: string, cause: unknown): Failure {
  return new Failure("environment", "copy_in_the_way", `${file} is there already`, {
    advice: "take this path out of `setup` in the config, or untrack it",
    cause,
  });
}
