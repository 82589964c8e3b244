/** What a worker can leave that would make our own git wait for ever or eat all memory when it only looks: a FIFO where git
 *  reads rules, a repository within whose HEAD is one, rules of gigabytes. Such things are taken out of git's way first. */
import { lstatSync, readFileSync, rmSync, type Stats } from "node:fs";
import path from "node:path";
import { isAbsent } from "../host/file.ts";
import { onDisk } from "./disk-path.ts";
import type { DiskWalk } from "./disk-walk.ts";
import { keepLeft } from "./leavings.ts";

/** Git opens files of these names wherever they lie. */
const openedNames = new Set([".gitignore", ".gitattributes", ".gitmodules"]);
/** Rules and pointers larger than this are nobody's honest work. */
const readBytesMax = 1024 * 1024;

function isOpenedByGit(name: string): boolean {
  return openedNames.has(name.slice(name.lastIndexOf("/") + 1));
}

export interface Hazards {
  /** Taken away after a copy was kept; bytes, as latin1. */
  readonly moved: readonly string[];
  /** Those of them that are files of rules. */
  readonly rules: readonly string[];
}

/** Takes them away; a FIFO or a device holds nothing and is only removed. */
export async function clearHazards(
  workTree: string,
  walk: DiskWalk,
  leftFolder: string,
): Promise<Hazards> {
  const { specials, rules, repositories } = hazardsIn(workTree, walk);
  for (const name of specials) rmSync(onDisk(workTree, name), { force: true });
  for (const name of [...rules, ...repositories]) {
    await keepLeft(workTree, leftFolder, name);
    rmSync(onDisk(workTree, name), { recursive: true, force: true });
  }
  return { moved: [...rules, ...repositories], rules };
}

/** Whether git may look at once, with nothing taken out of its way. */
export function isSafeToLook(workTree: string, walk: DiskWalk): boolean {
  return Object.values(hazardsIn(workTree, walk)).every((names) => names.length === 0);
}

function hazardsIn(workTree: string, { specials, rules, gitFolders }: DiskWalk) {
  return {
    specials: specials.filter(isOpenedByGit),
    rules: rules
      .filter(isOpenedByGit)
      .filter((name) => (factsOf(workTree, name)?.size ?? 0) > readBytesMax),
    repositories: gitFolders.filter((name) => !isHarmless(workTree, name)),
  };
}

/** Whether git can look whether this is a repository without opening anything but small plain files. */
function isHarmless(workTree: string, name: string): boolean {
  const facts = factsOf(workTree, name);
  if (facts === undefined) return true;
  if (facts.isDirectory()) return isPlainRepository(onDisk(workTree, name));
  if (!facts.isFile() || facts.size > readBytesMax) return false;
  const target = /^gitdir: (.*)\n*$/.exec(readFileSync(onDisk(workTree, name), "latin1"))?.[1];
  if (target === undefined) return true;
  const folder = path.dirname(onDisk(workTree, name).toString("latin1"));
  return isPlainRepository(Buffer.from(path.resolve(folder, target), "latin1"));
}

function isPlainRepository(folder: Buffer): boolean {
  return ["HEAD", "commondir"].every((name) => {
    const facts = lstatOf(Buffer.concat([folder, Buffer.from(`/${name}`)]));
    if (facts === undefined || facts.isDirectory()) return true;
    if (name === "HEAD" && facts.isSymbolicLink()) return true;
    return facts.isFile() && facts.size <= readBytesMax;
  });
}

function factsOf(workTree: string, name: string): Stats | undefined {
  return lstatOf(onDisk(workTree, name));
}

function lstatOf(file: Buffer): Stats | undefined {
  try {
    return lstatSync(file, { throwIfNoEntry: false });
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}
