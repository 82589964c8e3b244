/** What git is asked many times in a run, without a process for each time. An answer that is not given means: ask a git of its own,
 *  which tells why. */
import type { Sha } from "../core/id.ts";

export interface Standing {
  /** Carries out the instructions of `update-ref --stdin -z` as one transaction; false where none of it was. */
  moveRefs(instructions: string): Promise<boolean>;
  /** Of two commits or trees, as `diff-tree -r -t -z --raw` says it, as latin1. */
  differenceOf(from: Sha, to: Sha): Promise<string | undefined>;
  /** Whether `to` itself is there, and every tree and blob that it has and `from` has not. */
  hasNewObjects(from: Sha, to: Sha): Promise<boolean | undefined>;
  /** Writes a commit object of this text, if the tree that it names is there. */
  writeCommit(tree: Sha, text: string): Promise<Sha | undefined>;
}
