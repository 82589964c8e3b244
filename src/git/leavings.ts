/** What no commit can hold, kept beside the run's records. Nothing is opened that could block, nothing large is read into
 *  memory, and the worktree stays as it was. */
import { constants } from "node:fs";
import {
  chmod,
  copyFile,
  link,
  lstat,
  mkdir,
  open,
  readdir,
  readlink,
  rm,
  symlink,
} from "node:fs/promises";
import path from "node:path";
import { errorCode, fileFailure, isAbsent } from "../host/file.ts";
import { onDisk } from "./disk-path.ts";

const chunkBytes = 1024 * 1024;

/** Copies a path (bytes, as latin1) from the worktree to the same place below `folder`, whole folders too. Specials are only
 *  named, by the caller. */
export async function keepLeft(workTree: string, folder: string, name: string): Promise<void> {
  const to = onDisk(folder, name);
  try {
    await mkdir(parentOf(to), { recursive: true });
    await copyAny(onDisk(workTree, name), to);
  } catch (error) {
    throw fileFailure(error, `keep ${path.join(folder, name)}`);
  }
}

async function copyAny(from: Buffer, to: Buffer): Promise<void> {
  const facts = await lstat(from);
  if (facts.isDirectory()) return copyFolder(from, to);
  if (facts.isSymbolicLink()) {
    await rm(to, { force: true, recursive: true });
    return symlink(await readlink(from, "buffer"), to);
  }
  if (facts.isFile()) return copyOne(from, to, facts.size);
}

async function copyFolder(from: Buffer, to: Buffer): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const name of await readdir(from, { encoding: "buffer" })) {
    const slash = Buffer.from("/");
    await copyAny(Buffer.concat([from, slash, name]), Buffer.concat([to, slash, name]));
  }
}

/** A second name costs nothing and loses nothing; on another file system it has to be a copy. */
async function copyOne(from: Buffer, to: Buffer, size: number): Promise<void> {
  await rm(to, { force: true, recursive: true });
  try {
    return await link(from, to);
  } catch (error) {
    const code = errorCode(error);
    if (code !== "EXDEV" && code !== "EPERM" && code !== "EMLINK" && code !== "ENOTSUP")
      throw error;
  }
  try {
    return await copyFile(from, to, constants.COPYFILE_FICLONE_FORCE);
  } catch (error) {
    if (isAbsent(error)) throw error;
    await copySparse(from, to, size);
  }
}

/** Chunk by chunk; where there are only zeros a hole is left, so that a huge empty file stays small. */
async function copySparse(from: Buffer, to: Buffer, size: number): Promise<void> {
  const source = await open(from, constants.O_RDONLY | constants.O_NOFOLLOW);
  const target = await open(to, "w");
  try {
    const chunk = Buffer.alloc(chunkBytes);
    const zeros = Buffer.alloc(chunkBytes);
    for (let at = 0; at < size; ) {
      const { bytesRead } = await source.read(chunk, 0, chunkBytes, at);
      if (bytesRead === 0) break;
      const part = chunk.subarray(0, bytesRead);
      if (!part.equals(zeros.subarray(0, bytesRead))) await target.write(part, 0, bytesRead, at);
      at += bytesRead;
    }
    await target.truncate(size);
  } finally {
    await source.close();
    await target.close();
  }
  await chmod(to, (await lstat(from)).mode & 0o777);
}

function parentOf(file: Buffer): Buffer {
  return file.subarray(0, file.lastIndexOf("/"));
}
