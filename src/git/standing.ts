/** What git is asked many times in a run, without a process for each time. An answer that is not given means: ask a git of its own,
 *  which tells why. */
import type { Sha } from "../core/id.ts";

export interface TreeEntry {
  /** As git writes it in a tree: `100644`, `40000`. */
  readonly mode: string;
  readonly oid: Sha;
}

/** One path of a tree, as latin1 bytes; without an entry it goes. */
export interface TreeEdit {
  readonly path: string;
  readonly entry: TreeEntry | undefined;
}

export interface WorktreeCommand {
  readonly place: {
    readonly gitDir: string;
    readonly workTree: string;
    readonly indexFile: string;
  };
  readonly args: readonly string[];
  /** Settings for it, beside the door's own. */
  readonly config: readonly string[];
  readonly signal?: AbortSignal;
}

export interface Standing {
  /** Carries out the instructions of `update-ref --stdin -z` as one transaction; false where none of it was. */
  moveRefs(instructions: string): Promise<boolean>;
  /** Of two commits or trees, as `diff-tree -r -t -z --raw` says it, as latin1. */
  differenceOf(from: Sha, to: Sha): Promise<string | undefined>;
  /** Whether `to` itself is there, and every tree and blob that it has and `from` has not. */
  hasNewObjects(from: Sha, to: Sha): Promise<boolean | undefined>;
  /** Writes a commit object of this text, if the tree that it names is there. */
  writeCommit(tree: Sha, text: string): Promise<Sha | undefined>;
  /** Writes regular files into git exactly as they lie on the disk: absolute paths as latin1 bytes, their object ids in order. */
  writeBlobs(files: readonly string[]): Promise<readonly Sha[] | undefined>;
  /** What lies at these paths (latin1 bytes) of a commit or tree; those that are not there are left out. */
  entriesAt(of: Sha, paths: readonly string[]): Promise<ReadonlyMap<string, TreeEntry> | undefined>;
  /** Writes the tree that the one of this commit or tree becomes. An edit that does not fit it has no answer. */
  weave(of: Sha, edits: readonly TreeEdit[]): Promise<Sha | undefined>;
  parentsOf(commit: Sha): Promise<readonly Sha[] | undefined>;
  /** The content of an object that is not very large. */
  readObject(oid: Sha): Promise<Buffer | undefined>;
  /** Runs a git command in a worktree; pathspecs are literal, and it has no stdin. What it printed, as latin1. */
  inWorktree(command: WorktreeCommand): Promise<string | undefined>;
}
