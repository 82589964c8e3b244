/** Makes a worktree's folder hold nothing but tracked files. Our own walk instead of `git clean`, which does not see FIFOs,
 *  sockets, folders it may not enter, nor a repository planted inside a tracked folder. */
import { chmodSync, type Dirent, lstatSync, readdirSync, unlinkSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { errorCode } from "../host/file.ts";
import type { Trash } from "./trash.ts";

/** Folders read before others get their turn; one takes some 15 µs, waiting for each would take ten times as long. */
const foldersAtOnce = 200;

/** `tracked` are paths as latin1 bytes. Whatever else lies in `folder`, but for its own `.git`, goes; folders become ours to
 *  write again. What a tracked path holds is left to git, which compares. */
export async function tidyFolder(
  folder: string,
  tracked: readonly string[],
  trash: Trash,
): Promise<void> {
  const files = new Set(tracked);
  const folders = foldersOf(tracked);
  const root = Buffer.from(folder).toString("latin1");
  const waiting = [""];
  for (let read = 1; waiting.length > 0; read += 1) {
    const here = waiting.pop() ?? "";
    for (const entry of entriesOf(bytes(root, here))) {
      const name = here === "" ? entry.name : `${here}/${entry.name}`;
      const verdict = judge(entry, name, files, folders);
      if (verdict === "enter") waiting.push(name);
      if (verdict === "remove") await remove(entry, bytes(root, name), trash);
    }
    if (read % foldersAtOnce === 0) await nextTurn();
  }
}

function judge(
  entry: Dirent<string>,
  name: string,
  files: ReadonlySet<string>,
  folders: ReadonlySet<string>,
): "keep" | "enter" | "remove" {
  if (entry.name === ".git") return name === ".git" ? "keep" : "remove";
  if (entry.isDirectory()) return folders.has(name) || files.has(name) ? "enter" : "remove";
  return files.has(name) && (entry.isFile() || entry.isSymbolicLink()) ? "keep" : "remove";
}

/** Every folder that a tracked path lies in. */
function foldersOf(tracked: readonly string[]): Set<string> {
  const folders = new Set<string>();
  for (const file of tracked) {
    let end = file.lastIndexOf("/");
    while (end > 0) {
      const folder = file.slice(0, end);
      if (folders.has(folder)) break;
      folders.add(folder);
      end = folder.lastIndexOf("/");
    }
  }
  return folders;
}

/** Opens the folder first where its mode keeps us from listing or changing it. */
function entriesOf(folder: Buffer): Dirent<string>[] {
  if ((lstatSync(folder).mode & 0o700) !== 0o700) chmodSync(folder, 0o755);
  return readdirSync(folder, { withFileTypes: true, encoding: "latin1" });
}

async function remove(entry: Dirent<string>, file: Buffer, trash: Trash): Promise<void> {
  if (entry.isDirectory()) return trash.throwIn(file);
  try {
    unlinkSync(file);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
  }
}

function bytes(root: string, name: string): Buffer {
  return Buffer.from(name === "" ? root : `${root}/${name}`, "latin1");
}
