/** Whether history already holds a commit. */
import type { Sha } from "../core/id.ts";
import { type GitPlace, git } from "./git.ts";

/** True also where both are the same commit. */
export async function isAncestor(place: GitPlace, older: Sha, newer: Sha): Promise<boolean> {
  if (older === newer) return true;
  const args = ["merge-base", "--is-ancestor", older, newer];
  return (await git(place, args, { codes: [0, 1] })).code === 0;
}
