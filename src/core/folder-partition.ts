/** Files into groups of nearly the same work, neighbours together, whatever they say of each other: the partition that every
 *  other must be no worse than, and what is left where nothing is known of the files. The same files in any order give the
 *  same groups. */

export interface WorkFile {
  readonly path: string;
  /** What it costs to work on: a whole number, at least 1. */
  readonly work: number;
  readonly bytes?: number;
}

export interface FileGroup {
  /** In folder order. */
  readonly files: readonly string[];
  readonly work: number;
  /** The folder with the most work in the group, `""` for the root. */
  readonly folder: string;
}

/** How much a group may weigh above the mean, for the sake of whole folders. */
const slack = 1.15;

/** At most `count` groups, none empty. Files stand in folder order and are cut where the fewest folders are shared, so
 *  that no group weighs more than `slack` means, or than the best that cutting this order allows. */
export function partitionByFolder(files: readonly WorkFile[], count: number): readonly FileGroup[] {
  const ordered = [...files].sort((a, b) => compareByFolder(a.path, b.path));
  const groups = Math.min(Math.max(1, Math.floor(count)), ordered.length);
  if (groups === 0) return [];
  const sums = [0];
  for (const file of ordered) sums.push((sums.at(-1) ?? 0) + file.work);
  const total = sums.at(-1) ?? 0;
  const capacity = Math.max(leastCapacity(sums, groups), (total / groups) * slack);
  const needed = groupsNeeded(sums, capacity);
  const made: FileGroup[] = [];
  let start = 0;
  for (let left = groups; left > 0; left--) {
    const end =
      left === 1 ? ordered.length : bestCut({ ordered, sums, needed, capacity, start, left });
    made.push(groupOf(ordered.slice(start, end)));
    start = end;
  }
  return made;
}

interface Cutting {
  readonly ordered: readonly WorkFile[];
  readonly sums: readonly number[];
  readonly needed: readonly number[];
  readonly capacity: number;
  readonly start: number;
  /** Groups to be made from `start` on, this one included. */
  readonly left: number;
}

/** The end of the next group: the highest border of folders in reach, of those the one nearest to an even share. */
function bestCut(cutting: Cutting): number {
  const { ordered, sums, needed, capacity, start, left } = cutting;
  const begun = sums[start] ?? 0;
  const share = ((sums.at(-1) ?? 0) - begun) / left;
  let best = start + 1;
  let bestScore = Number.POSITIVE_INFINITY;
  for (let end = start + 1; end <= ordered.length - (left - 1); end++) {
    const cost = (sums[end] ?? 0) - begun;
    if (cost > capacity && end > start + 1) break;
    if ((needed[end] ?? 0) > left - 1) continue;
    const shared = sharedFolders(ordered[end - 1]?.path ?? "", ordered[end]?.path ?? "");
    // A folder that stays whole is worth a third of a share.
    const score = shared / 3 + Math.abs(cost - share) / share;
    if (score < bestScore) {
      best = end;
      bestScore = score;
    }
  }
  return best;
}

/** The smallest capacity with which this order can be cut into so many groups. */
function leastCapacity(sums: readonly number[], groups: number): number {
  let low = 0;
  for (let at = 1; at < sums.length; at++)
    low = Math.max(low, (sums[at] ?? 0) - (sums[at - 1] ?? 0));
  let high = sums.at(-1) ?? 0;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((groupsNeeded(sums, middle)[0] ?? 0) <= groups) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** For every position, the fewest groups that hold all files from there on. */
function groupsNeeded(sums: readonly number[], capacity: number): readonly number[] {
  const needed: number[] = sums.map(() => 0);
  let end = sums.length - 1;
  for (let start = sums.length - 2; start >= 0; start--) {
    while (end > start + 1 && (sums[end] ?? 0) - (sums[start] ?? 0) > capacity) end -= 1;
    needed[start] = 1 + (needed[end] ?? 0);
  }
  return needed;
}

/** `files` in folder order. */
export function groupOf(files: readonly WorkFile[]): FileGroup {
  const weights = new Map<string, number>();
  let work = 0;
  for (const file of files) {
    work += file.work;
    const folder = folderOf(file.path);
    weights.set(folder, (weights.get(folder) ?? 0) + file.work);
  }
  const [heaviest] = [...weights].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  return { files: files.map((file) => file.path), work, folder: heaviest?.[0] ?? "" };
}

export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** A folder's own files come first, then its folders; names by code unit, the same on every machine. */
export function compareByFolder(a: string, b: string): number {
  const left = a.split("/");
  const right = b.split("/");
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    const isFile = { left: at === left.length - 1, right: at === right.length - 1 };
    if (isFile.left !== isFile.right) return isFile.left ? -1 : 1;
    const [one = "", other = ""] = [left[at], right[at]];
    if (one !== other) return one < other ? -1 : 1;
  }
  return left.length - right.length;
}

/** How many leading folders two paths have in common. */
function sharedFolders(a: string, b: string): number {
  const left = folderOf(a).split("/");
  const right = folderOf(b).split("/");
  let shared = 0;
  while (shared < left.length && left[shared] === right[shared] && left[shared] !== "") shared += 1;
  return shared;
}
