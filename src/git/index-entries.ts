/** Reads what is unusual out of an index file of ours: submodules, and files that a sparse checkout left out. Asking git for
 *  them would cost a process for each unit. */
import type { Sha } from "../core/id.ts";
import { type GitPlace, git, zeroSeparated } from "./git.ts";
import { attributesFile } from "./plain-content.ts";

/** Paths are bytes, as latin1. */
export interface UnusualEntries {
  readonly gitlinks: readonly string[];
  readonly skipped: ReadonlySet<string>;
  /** How many files and links are to be on the disk. */
  readonly written: number;
  /** Whether any file of attributes is among the entries. */
  readonly attributes: boolean;
}

/** Offsets in an entry, in bytes (gitformat-index, versions 2 and 3). */
const modeAt = 24;
const numbersLength = 40;
const headerLength = 12;
const gitlinkMode = 0o160000;
const extendedFlag = 0x4000;
const skipWorktreeFlag = 0x4000;
const dot = 0x2e;
const slash = 0x2f;

/** How many entries an index file says that it has. */
export function entryCount(file: Buffer): number {
  return file.length < headerLength ? 0 : file.readUInt32BE(8);
}

/** Asks git where the file is of a form that we do not read. */
export async function unusualEntries(
  place: GitPlace,
  file: Buffer,
  base: Sha,
): Promise<UnusualEntries> {
  return parseUnusual(file, base.length === 40 ? 20 : 32) ?? askUnusual(place);
}

export function parseUnusual(file: Buffer, oidLength: 20 | 32): UnusualEntries | undefined {
  if (file.length < headerLength || file.toString("latin1", 0, 4) !== "DIRC") return undefined;
  const version = file.readUInt32BE(4);
  if (version !== 2 && version !== 3) return undefined;
  const gitlinks: string[] = [];
  const skipped = new Set<string>();
  const count = file.readUInt32BE(8);
  let attributes = false;
  let start = headerLength;
  for (let entry = 0; entry < count; entry += 1) {
    const found = entryAt(file, start, oidLength);
    if (found === undefined) return undefined;
    if (found.isGitlink) gitlinks.push(file.toString("latin1", found.name, found.end));
    if (found.isSkipped) skipped.add(file.toString("latin1", found.name, found.end));
    attributes ||= isAttributes(file, found.name, found.end);
    // An entry is padded with one to eight zeros, so that it is a multiple of eight long.
    start += (found.end - start + 8) & ~7;
  }
  if (start + oidLength > file.length) return undefined;
  return { gitlinks, skipped, written: count - gitlinks.length - skipped.size, attributes };
}

/** Thousands are asked, so a string is made of hardly any. */
function isAttributes(file: Buffer, name: number, end: number): boolean {
  const start = end - attributesFile.length;
  if (start < name || file[start] !== dot) return false;
  if (start > name && file[start - 1] !== slash) return false;
  return file.toString("latin1", start, end) === attributesFile;
}

function entryAt(file: Buffer, start: number, oidLength: number) {
  const flagsAt = start + numbersLength + oidLength;
  if (flagsAt + 4 > file.length) return undefined;
  const extended = (file.readUInt16BE(flagsAt) & extendedFlag) !== 0;
  const name = flagsAt + (extended ? 4 : 2);
  const end = file.indexOf(0, name);
  if (end <= name) return undefined;
  return {
    name,
    end,
    isGitlink: file.readUInt32BE(start + modeAt) === gitlinkMode,
    isSkipped: extended && (file.readUInt16BE(flagsAt + 2) & skipWorktreeFlag) !== 0,
  };
}

async function askUnusual(place: GitPlace): Promise<UnusualEntries> {
  const answer = await git(place, ["ls-files", "-s", "-t", "-z"], { encoding: "latin1" });
  const gitlinks: string[] = [];
  const skipped = new Set<string>();
  const lines = zeroSeparated(answer.stdout);
  let attributes = false;
  for (const line of lines) {
    const path = line.slice(line.indexOf("\t") + 1);
    attributes ||= path === attributesFile || path.endsWith(`/${attributesFile}`);
    if (line.startsWith("S ")) skipped.add(path);
    if (line.slice(2, 8) === "160000") gitlinks.push(path);
  }
  return { gitlinks, skipped, written: lines.length - gitlinks.length - skipped.size, attributes };
}
