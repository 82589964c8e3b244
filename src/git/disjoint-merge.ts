/** Merging without git's merge, where it is sure what that would give: neither side has taken anything away, so nothing was renamed,
 *  and no path of one is a path of the other or lies below one. Everything else is for `mergeInMemory`, whose word counts. */
import type { Sha } from "../core/id.ts";
import { absent, type Difference, parseDifferences } from "./difference.ts";
import { foldersAbove } from "./disk-path.ts";
import type { Standing } from "./standing.ts";

export interface MergeSides {
  readonly onto: Sha;
  readonly head: Sha;
}

/** So far back the history of `onto` is searched for the commit that `head` was made on. */
const stepsMax = 500;
const differencesMax = 5000;

/** The merged tree; undefined where git has to say. */
export async function disjointMerge(
  standing: Standing,
  { onto, head }: MergeSides,
): Promise<Sha | undefined> {
  const [fork, ...others] = (await standing.parentsOf(head)) ?? [];
  if (fork === undefined || others.length > 0) return undefined;
  if (!(await isBefore(standing, fork, onto))) return undefined;
  const ours = await addedOnly(standing, fork, onto);
  const theirs = await addedOnly(standing, fork, head);
  if (ours === undefined || theirs === undefined || !areApart(ours, theirs)) return undefined;
  const edits = theirs.map(({ path, newMode, newOid }) => {
    return { path, entry: { mode: newMode, oid: newOid } };
  });
  return standing.weave(onto, edits);
}

/** Along first parents: every merge of ours goes onto the one before. */
async function isBefore(standing: Standing, wanted: Sha, onto: Sha): Promise<boolean> {
  let at: Sha | undefined = onto;
  for (let steps = 0; at !== undefined && steps < stepsMax; steps += 1) {
    if (at === wanted) return true;
    at = (await standing.parentsOf(at))?.[0];
  }
  return false;
}

/** Undefined where anything was taken away or is of another kind than before. */
async function addedOnly(
  standing: Standing,
  from: Sha,
  to: Sha,
): Promise<readonly Difference[] | undefined> {
  const told = await standing.differenceOf(from, to);
  if (told === undefined) return undefined;
  const found = parseDifferences(told);
  const plain = found.every(
    ({ oldMode, newMode }) =>
      newMode !== absent && (oldMode === absent || oldMode.slice(0, 3) === newMode.slice(0, 3)),
  );
  return plain && found.length <= differencesMax ? found : undefined;
}

function areApart(ours: readonly Difference[], theirs: readonly Difference[]): boolean {
  return !meets(ours, theirs) && !meets(theirs, ours);
}

/** Whether a path of one list is one of the other or lies below one. */
function meets(one: readonly Difference[], other: readonly Difference[]): boolean {
  const paths = new Set(other.map(({ path }) => path));
  return one.some(
    ({ path }) => paths.has(path) || foldersAbove(path).some((folder) => paths.has(folder)),
  );
}
