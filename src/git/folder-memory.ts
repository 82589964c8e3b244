/** What a walk saw in each folder, so that the next walk of the same worktree need not read a folder that nobody has put anything
 *  into, nor taken anything out of, since. The kernel stamps such a folder, and no program can turn that stamp back. */
import { lstatSync } from "node:fs";

/** Everything but names that need not be known. */
export interface FolderSight {
  readonly fileCount: number;
  /** Names of folders in it. */
  readonly folders: readonly string[];
}

interface Remembered {
  readonly inode: bigint;
  readonly changedNs: bigint;
  readonly sight: FolderSight;
}

/** A clock ticks every 1 to 10 ms: what was stamped within a few ticks may be changed again without another stamp. */
const freshNs = 50_000_000n;
/** Where stamps have no fractions, a file system may count in seconds, or in two. */
const coarseNs = 2_500_000_000n;
const secondNs = 1_000_000_000n;
const foldersMax = 50_000;

export class FolderMemory {
  readonly #known = new Map<string, Remembered>();

  /** What was seen in the folder, if it is as it was. `stamp` tells that it has not changed until now. */
  recall(path: string, stamp: FolderStamp): FolderSight | undefined {
    const known = this.#known.get(path);
    if (known?.inode !== stamp.inode || known.changedNs !== stamp.changedNs) return undefined;
    return known.sight;
  }

  /** `stamp` was taken before the folder was read. */
  remember(path: string, { inode, changedNs, takenNs }: FolderStamp, sight: FolderSight): void {
    const graceNs = changedNs % secondNs === 0n ? coarseNs : freshNs;
    if (takenNs - changedNs < graceNs || this.#known.size >= foldersMax) this.#known.delete(path);
    else this.#known.set(path, { inode, changedNs, sight });
  }
}

export interface FolderStamp {
  readonly inode: bigint;
  /** When anything about it changed last, by the clock of its file system. */
  readonly changedNs: bigint;
  /** Nanoseconds since the epoch. */
  readonly takenNs: bigint;
  readonly mode: number;
}

export function stampOf(folder: string | Buffer): FolderStamp | undefined {
  const takenNs = BigInt(Date.now()) * 1_000_000n;
  const facts = lstatSync(folder, { bigint: true, throwIfNoEntry: false });
  if (facts === undefined) return undefined;
  return { inode: facts.ino, changedNs: facts.ctimeNs, takenNs, mode: Number(facts.mode) };
}
