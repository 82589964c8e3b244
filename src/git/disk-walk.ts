/** What lies in a worktree's folder that git does not see: FIFOs, sockets, devices, empty folders, repositories within. It
 *  opens no file, follows no link and reads no content. */
import { chmodSync, type Dirent, readdirSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { errorCode, isAbsent } from "../host/file.ts";
import { onDisk } from "./disk-path.ts";
import { type FolderMemory, type FolderStamp, stampOf } from "./folder-memory.ts";

/** Paths are bytes, as latin1, relative to the root. */
export interface DiskWalk {
  /** Regular files and links; empty unless asked for. */
  readonly files: readonly string[];
  /** How many regular files and links there are. */
  readonly fileCount: number;
  /** Regular files named `.git…`: among them those that git reads wherever they lie. */
  readonly rules: readonly string[];
  readonly specials: readonly string[];
  readonly emptyFolders: readonly string[];
  /** Every `.git` but the root's own, whether a folder or a file. */
  readonly gitFolders: readonly string[];
  /** Folders that we may not read, even after asking for it. */
  readonly closed: readonly string[];
}

export interface WalkOptions {
  /** The folder to begin in; the root if absent. */
  readonly start?: string;
  readonly files?: boolean;
  /** What is passed over, with everything in it. */
  readonly skip: ReadonlySet<string>;
  /** Of the same root; it is of use where nothing is passed over and no file's name is asked for. */
  readonly memory?: FolderMemory | undefined;
}

/** What whoever owns a folder needs: to list it, to change it, to enter it. */
const ours = 0o700;

/** Folders read before others get their turn; one takes some 15 µs, waiting for each would take ten times as long. */
const foldersAtOnce = 200;

export async function walkDisk(root: string, options: WalkOptions): Promise<DiskWalk> {
  const found = new Findings();
  const memory = options.skip.size === 0 && options.files !== true ? options.memory : undefined;
  const waiting = [options.start ?? ""];
  for (let read = 1; waiting.length > 0; read += 1) {
    const here = waiting.pop() ?? "";
    const stamp = memory && stampOpen(onDisk(root, here));
    const known = stamp && memory.recall(here, stamp);
    const folders = known?.folders ?? readFolder(root, here, { found, options, memory, stamp });
    found.fileCount += known?.fileCount ?? 0;
    for (const name of folders) waiting.push(below(here, name));
    if (read % foldersAtOnce === 0) await nextTurn();
  }
  return found;
}

/** Of a folder that was closed it is an old one. Git does not tell of modes, so whoever has the worktree next could not write there. */
function stampOpen(folder: Buffer): FolderStamp | undefined {
  const stamp = stampOf(folder);
  if (stamp !== undefined && (stamp.mode & ours) !== ours) openFolder(folder);
  return stamp;
}

interface Reading {
  readonly found: Findings;
  readonly options: WalkOptions;
  readonly memory: FolderMemory | undefined;
  readonly stamp: FolderStamp | undefined;
}

/** Answers the names of the folders in it, and remembers it where it holds nothing but folders and plain files. */
function readFolder(
  root: string,
  here: string,
  { found, options, memory, stamp }: Reading,
): readonly string[] {
  const [filesBefore, oddBefore] = [found.fileCount, found.oddCount];
  const entries = found.enter(here, entriesOf(root, here));
  const folders = entries
    .filter((entry) => {
      const path = below(here, entry.name);
      return !options.skip.has(path) && found.take(entry, path, options.files === true);
    })
    .map((entry) => entry.name);
  if (stamp !== undefined && found.oddCount === oddBefore)
    memory?.remember(here, stamp, { fileCount: found.fileCount - filesBefore, folders });
  return folders;
}

function below(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}

class Findings implements DiskWalk {
  readonly files: string[] = [];
  fileCount = 0;
  readonly rules: string[] = [];
  readonly specials: string[] = [];
  readonly emptyFolders: string[] = [];
  readonly gitFolders: string[] = [];
  readonly closed: string[] = [];

  /** How much was found that has to be told by its name. */
  get oddCount(): number {
    const { rules, specials, emptyFolders, gitFolders, closed } = this;
    return [rules, specials, emptyFolders, gitFolders, closed].reduce(
      (sum, list) => sum + list.length,
      0,
    );
  }

  enter(folder: string, entries: readonly Dirent<string>[] | undefined): readonly Dirent<string>[] {
    if (entries === undefined) this.closed.push(folder);
    else if (entries.length === 0 && folder !== "") this.emptyFolders.push(folder);
    return entries ?? [];
  }

  /** Whether it is a folder to go into. */
  take(entry: Dirent<string>, path: string, files: boolean): boolean {
    if (path === ".git") return false;
    if (entry.isDirectory() && entry.name !== ".git") return true;
    if (entry.name === ".git") this.gitFolders.push(path);
    else if (!entry.isFile() && !entry.isSymbolicLink()) this.specials.push(path);
    else {
      this.fileCount += 1;
      if (files) this.files.push(path);
      if (entry.name.startsWith(".git") && entry.isFile()) this.rules.push(path);
    }
    return false;
  }
}

/** A folder whose mode keeps us out is opened: it is ours, and what is in it has to be kept. Undefined where we may not. */
function entriesOf(root: string, path: string): readonly Dirent<string>[] | undefined {
  const folder = onDisk(root, path);
  const list = () => readdirSync(folder, { withFileTypes: true, encoding: "latin1" });
  try {
    return list();
  } catch (error) {
    if (isAbsent(error)) return [];
    if (errorCode(error) !== "EACCES") throw error;
  }
  openFolder(folder);
  try {
    return list();
  } catch (error) {
    if (errorCode(error) !== "EACCES") throw error;
    return undefined;
  }
}

/** Where we may. */
function openFolder(folder: Buffer): void {
  try {
    chmodSync(folder, 0o755);
  } catch (error) {
    if (errorCode(error) !== "EACCES" && errorCode(error) !== "EPERM") throw error;
  }
}
