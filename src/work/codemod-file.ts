/** A codemod's way to the files of a worktree: only regular files that really lie in it, and never a half-written one. It
 *  waits for the disk, because a codemod's child does nothing beside. */
import { isUtf8 } from "node:buffer";
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  openSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";

/** Larger files are made by programs, not written by people. */
const fileBytesMax = 5_000_000;
const mask = process.umask();
const byteOrderMark = "\uFEFF";

export type FileRead =
  | { readonly type: "bytes"; readonly bytes: Buffer; readonly mode: number }
  | { readonly type: "skipped"; readonly why: string };

export interface FolderCheck {
  /** Whether the folder of this absolute path is the one it says, reached over no symbolic link. */
  isOwn(file: string): boolean;
}

/** What it found is remembered: make a new one for each look at a worktree. */
export function makeFolderCheck(worktree: string): FolderCheck {
  const root = realpathSync(worktree);
  const known = new Map<string, boolean>();
  return {
    isOwn: (file) => {
      const folder = path.dirname(file);
      const found = known.get(folder) ?? isRealFolder(folder, worktree, root);
      known.set(folder, found);
      return found;
    },
  };
}

export function readForCodemod(file: string, folders: FolderCheck): FileRead {
  let handle: number;
  try {
    if (!folders.isOwn(file)) return { type: "skipped", why: "lies behind a symbolic link" };
    // A named pipe must not make us wait for somebody to write to it.
    handle = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    return { type: "skipped", why: whyNot(error) };
  }
  try {
    const facts = fstatSync(handle);
    if (!facts.isFile()) return { type: "skipped", why: "is no regular file" };
    if (facts.size > fileBytesMax) return { type: "skipped", why: "is larger than 5 MB" };
    const bytes = readWhole(handle, facts.size);
    if (bytes.includes(0)) return { type: "skipped", why: "is binary" };
    if (!isUtf8(bytes)) return { type: "skipped", why: "is not UTF-8" };
    return { type: "bytes", bytes, mode: facts.mode & 0o7777 };
  } finally {
    closeSync(handle);
  }
}

/** The text without its byte order mark, and a way to put the mark back. */
export function splitMark(bytes: Buffer): { readonly text: string; readonly mark: string } {
  const text = bytes.toString("utf8");
  return text.startsWith(byteOrderMark)
    ? { text: text.slice(1), mark: byteOrderMark }
    : { text, mark: "" };
}

/** The file is there whole, old or new, at every moment. */
export function replaceFile(file: string, text: string, mode: number): void {
  const half = halfFile(file, process.pid);
  try {
    writeFileSync(half, text, { flag: "wx", mode });
    // The system's mask may have taken something from the mode.
    if ((mode & ~mask) !== mode) chmodSync(half, mode);
    renameSync(half, file);
  } catch (error) {
    rmSync(half, { force: true });
    throw error;
  }
}

/** Where a child writes what will replace a file: known to its parent, who takes it away if the child is killed. */
export function halfFile(file: string, pid: number): string {
  return path.join(path.dirname(file), `.pleach-half-${pid}`);
}

function isRealFolder(folder: string, worktree: string, root: string): boolean {
  const relative = path.relative(worktree, folder);
  if (relative.startsWith("..") || path.isAbsolute(relative)) return false;
  return realpathSync(folder) === path.join(root, relative);
}

function readWhole(handle: number, size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  let length = 0;
  while (length < size) {
    const count = readSync(handle, bytes, length, size - length, length);
    if (count === 0) break;
    length += count;
  }
  return bytes.subarray(0, length);
}

function whyNot(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ELOOP") return "is a symbolic link";
  if (code === "ENOENT" || code === "ENOTDIR") return "is not there";
  return `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
}
