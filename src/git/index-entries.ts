/** Reads what is unusual out of an index file of ours: submodules, and files that a sparse checkout left out. Asking git for
 *  them would cost a process for each unit. */
import type { Sha } from "../core/id.ts";
import { type GitPlace, git, zeroSeparated } from "./git.ts";

/** Paths are bytes, as latin1. */
export interface UnusualEntries {
  readonly gitlinks: readonly string[];
  readonly skipped: ReadonlySet<string>;
}

/** Offsets in an entry, in bytes (gitformat-index, versions 2 and 3). */
const modeAt = 24;
const numbersLength = 40;
const headerLength = 12;
const gitlinkMode = 0o160000;
const extendedFlag = 0x4000;
const skipWorktreeFlag = 0x4000;

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
  let start = headerLength;
  for (let entry = 0; entry < count; entry += 1) {
    const found = entryAt(file, start, oidLength);
    if (found === undefined) return undefined;
    if (found.isGitlink) gitlinks.push(file.toString("latin1", found.name, found.end));
    if (found.isSkipped) skipped.add(file.toString("latin1", found.name, found.end));
    // An entry is padded with one to eight zeros, so that it is a multiple of eight long.
    start += (found.end - start + 8) & ~7;
  }
  return start + oidLength <= file.length ? { gitlinks, skipped } : undefined;
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
  for (const line of zeroSeparated(answer.stdout)) {
    const path = line.slice(line.indexOf("\t") + 1);
    if (line.startsWith("S ")) skipped.add(path);
    if (line.slice(2, 8) === "160000") gitlinks.push(path);
  }
  return { gitlinks, skipped };
}
