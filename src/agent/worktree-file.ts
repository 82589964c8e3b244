/** Reading and changing files at places in the worktree. Between looking and acting somebody may put a link there: so a file
 *  is opened without following links, a folder is held open while something in it is replaced, and what was opened is
 *  compared with what was meant. It must never wait at a FIFO, nor leave half a file under its name. What the system has in
 *  memory (names, a small file) is asked for at once: for many agents the way to a thread and back costs several times as
 *  much. What may wait for the disk goes to a thread. */
import { randomBytes } from "node:crypto";
import fs, { closeSync, constants, fstatSync, openSync, readlinkSync, readSync } from "node:fs";
import { mkdir, rename, rm, rmdir, unlink } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { errorCode, isAbsent, throughFlag, writesThrough } from "../host/file.ts";
import { hasProc } from "../host/process-table.ts";
import { refuse, withFile } from "./refusal.ts";
import type { FilePlace } from "./worktree-path.ts";

export interface FileContent {
  readonly bytes: Buffer;
  /** Permission bits. */
  readonly mode: number;
}

export const fileBytesMax = 10 * 1024 * 1024;
const readTriesMax = 5;
/** Read without a thread. */
const smallBytesMax = 128 * 1024;

const draftFlags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | throughFlag;

const readByThread = promisify(fs.read);
const writeByThread = promisify(fs.write);
const sync = promisify(fs.fsync);
const chmod = promisify(fs.fchmod);

/** The whole file; undefined where there is none. Refuses what is no regular file, or too large. */
export async function readContent(place: FilePlace): Promise<FileContent | undefined> {
  return withFile(place.path, "read", async () => {
    for (let tries = 1; ; tries += 1) {
      const content = await readOnce(place);
      // Another agent has just put a new file in its place.
      if (content !== "replaced" || tries === readTriesMax) {
        return content === "replaced" ? refuse(`${place.path} changes all the time`) : content;
      }
    }
  });
}

async function readOnce(place: FilePlace): Promise<FileContent | undefined | "replaced"> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  let file: number;
  try {
    file = openSync(place.file, flags);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
  try {
    const facts = fstatSync(file);
    if (facts.isDirectory()) refuse(`${place.path} is a folder: see what is in it with list`);
    if (!facts.isFile()) refuse(`${place.path} is a pipe, a socket or a device, not a file`);
    if (facts.size > fileBytesMax) refuseLarge(place, facts.size);
    if (!isStillAt(file, place.file)) return "replaced";
    return { bytes: await bytesOf(file, place, facts.size), mode: facts.mode & 0o777 };
  } finally {
    closeSync(file);
  }
}

/** Replaces or makes the file, durably and at once; folders above it are made. `drafts` is a folder of ours, where a file that
 *  was cut off in the writing is in nobody's way. */
export async function writeContent(
  place: FilePlace,
  content: { readonly bytes: Uint8Array; readonly mode?: number },
  drafts: string,
): Promise<void> {
  if (content.bytes.length > fileBytesMax) refuseLarge(place, content.bytes.length);
  await withFile(place.path, "write", async () => {
    const folder = path.dirname(place.file);
    const held = await madeWhereMissing(folder, async () => openFolder(folder));
    await withinHeld(held, place, async (file) => {
      const suffix = randomBytes(6).toString("hex");
      const draft = path.join(drafts, `.draft-${suffix}`);
      try {
        await madeWhereMissing(drafts, () => writeDraft(draft, content));
        await rename(draft, file);
      } catch (error) {
        await rm(draft, { force: true });
        if (errorCode(error) !== "EXDEV") throw error;
        await writeBeside(file, content, suffix);
      }
      await sync(held);
    });
  });
}

/** A file, a link or an empty folder. */
export async function removeEntry(place: FilePlace): Promise<void> {
  await withFile(place.path, "remove", () =>
    inFolder(place, async (file) => {
      try {
        await unlink(file);
      } catch (error) {
        const code = errorCode(error);
        if (code !== "EISDIR" && code !== "EPERM") throw error;
        await rmdir(file);
      }
    }),
  );
}

/** Nothing may be at the new place. Folders above it are made. */
export async function renameEntry(from: FilePlace, to: FilePlace): Promise<void> {
  await withFile(from.path, "rename", async () => {
    await mkdir(path.dirname(to.file), { recursive: true });
    await inFolder(from, (file) => inFolder(to, (target) => rename(file, target)));
  });
}

/** Gives a path to the file that stays in the folder which was meant, whatever becomes of the names above it. */
async function inFolder<T>(place: FilePlace, work: (file: string) => Promise<T>): Promise<T> {
  return withinHeld(openFolder(path.dirname(place.file)), place, work);
}

function openFolder(folder: string): number {
  return openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
}

async function withinHeld<T>(
  folderHeld: number,
  place: FilePlace,
  work: (file: string) => Promise<T>,
): Promise<T> {
  const folder = path.dirname(place.file);
  try {
    if (!isStillAt(folderHeld, folder)) refuse(`the folder of ${place.path} was just moved`);
    const held = hasProc ? `/proc/self/fd/${folderHeld}` : folder;
    return await work(path.join(held, path.basename(place.file)));
  } finally {
    closeSync(folderHeld);
  }
}

/** A folder is there for the most part: it is asked for only where something is missing. */
async function madeWhereMissing<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
  await mkdir(folder, { recursive: true });
  return work();
}

/** Whether what was opened is what lies at the path: a link above it would have led elsewhere. */
function isStillAt(opened: number, file: string): boolean {
  return !hasProc || readlinkSync(`/proc/self/fd/${opened}`) === file;
}

/** One byte more than the file had is asked for: a regular file gives less than is asked only at its end. */
async function bytesOf(file: number, place: FilePlace, size: number): Promise<Buffer> {
  let held = Buffer.allocUnsafe(size + 1);
  let bytes = 0;
  for (;;) {
    const room = held.length - bytes;
    bytes +=
      room <= smallBytesMax
        ? readSync(file, held, bytes, room, bytes)
        : (await readByThread(file, held, bytes, room, bytes)).bytesRead;
    if (bytes > fileBytesMax) refuseLarge(place, bytes);
    if (bytes < held.length) return held.subarray(0, bytes);
    held = Buffer.concat([held], 2 * held.length);
  }
}

function refuseLarge(place: FilePlace, bytes: number): never {
  const megabytes = Math.ceil(bytes / 1024 / 1024);
  return refuse(
    `${place.path} would be or is ${megabytes} MB: the most is ${fileBytesMax / 1024 / 1024} MB; use grep, or a command with shell`,
  );
}

async function writeDraft(
  draft: string,
  { bytes, mode }: { readonly bytes: Uint8Array; readonly mode?: number },
): Promise<void> {
  const file = openSync(draft, draftFlags, mode ?? 0o666);
  try {
    // What our umask has taken away is given back.
    const isOther = mode !== undefined && (fstatSync(file).mode & 0o777) !== mode;
    if (isOther) await chmod(file, mode);
    for (let written = 0; written < bytes.length; ) {
      const rest = bytes.length - written;
      written += (await writeByThread(file, bytes, written, rest)).bytesWritten;
    }
    if (!writesThrough || bytes.length === 0) await sync(file);
  } finally {
    closeSync(file);
  }
}

/** Where the drafts lie on another file system. */
async function writeBeside(
  file: string,
  content: { readonly bytes: Uint8Array; readonly mode?: number },
  suffix: string,
): Promise<void> {
  const draft = path.join(path.dirname(file), `.pleach-draft-${suffix}`);
  try {
    await writeDraft(draft, content);
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
