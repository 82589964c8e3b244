/** Files into groups that share none, of nearly the same work, cutting as little as can be of what ties files together. It
 *  tries several ways and takes the best; never one that cuts more than grouping by folder does. */
import type { Coupling } from "./coupling.ts";
import { type FileGroup, groupOf, partitionByFolder } from "./folder-partition.ts";
import type { Bounds } from "./grouping.ts";
import { type Parts, projected, searchGroups } from "./partition-search.ts";
import { at, contracted, loadsOf } from "./tie-graph.ts";

export interface Partition {
  /** In folder order of their first files; none is empty. */
  readonly groups: readonly FileGroup[];
  readonly cut: Cut;
  /** What grouping by folder would cut. */
  readonly byFolder: Cut;
  /** All imports among the files. */
  readonly imports: number;
  /** The work of the largest group over the mean. */
  readonly balance: number;
  /** Files that import each other in a circle and are in several groups all the same. */
  readonly split: readonly (readonly string[])[];
}

export interface Cut {
  /** Imports from one group to another. */
  readonly imports: number;
  /** These, and what changed together in the past and is apart now. */
  readonly weight: number;
}

/** The largest group over the mean, where the files allow it. */
export const balanceMax = 1.3;
/** What the search aims at: a little room is left for what cannot be split. */
const aim = { most: 1.25, least: 0.6, othersMost: 1.28 };
/** Sums of weights in another order differ by less than this. */
const nothing = 1e-9;

/** At most `count` groups: fewer files than that make fewer groups. */
export function partition(coupling: Coupling, count: number): Partition {
  const { files, imports } = coupling;
  const groups = Math.min(Math.max(1, Math.floor(count)), files.length);
  const byFolder = candidate(coupling, folderGroups(coupling, groups), groups);
  const best = groups < 2 || byFolder.cut.weight === 0 ? byFolder : bestOf(coupling, byFolder);
  return {
    groups: fileGroups(coupling, best),
    cut: best.cut,
    byFolder: byFolder.cut,
    imports: imports.length,
    balance: best.balance,
    split: splitCircles(coupling, best.groups),
  };
}

/** What is cut if each file is in the group of this number. */
export function cutOf({ imports, ties }: Coupling, groups: Int32Array): Cut {
  let cut = 0;
  let weight = 0;
  for (const { from, to } of imports) if (at(groups, from) !== at(groups, to)) cut += 1;
  for (const tie of ties) if (at(groups, tie.a) !== at(groups, tie.b)) weight += tie.weight;
  return { imports: cut, weight };
}

/** The work of the largest over the mean; 1 of none. */
export function balanceOf(loads: Float64Array): number {
  const total = loads.reduce((sum, load) => sum + load, 0);
  return total === 0 ? 1 : (Math.max(...loads) * loads.length) / total;
}

interface Candidate {
  /** By file. */
  readonly groups: Int32Array;
  readonly loads: Float64Array;
  readonly cut: Cut;
  readonly balance: number;
}

function candidate(coupling: Coupling, groups: Int32Array, count: number): Candidate {
  const loads = loadsOf(coupling.graph.work, groups, count);
  return { groups, loads, cut: cutOf(coupling, groups), balance: balanceOf(loads) };
}

function folderGroups({ files }: Coupling, count: number): Int32Array {
  const groups = new Int32Array(files.length);
  let file = 0;
  partitionByFolder(files, count).forEach((group, number) => {
    groups.fill(number, file, file + group.files.length);
    file += group.files.length;
  });
  return groups;
}

/** Circles stay whole unless one is larger than a group can be. Only where nothing good comes of that are lesser ones opened. */
function bestOf(coupling: Coupling, byFolder: Candidate): Candidate {
  const { graph } = coupling;
  const count = byFolder.loads.length;
  const mean = byFolder.loads.reduce((sum, load) => sum + load, 0) / count;
  const bounds: Bounds = {
    count,
    most: mean * aim.most,
    least: mean * aim.least,
    othersMost: graph.others.map((amounts) => othersMost(amounts, count)),
  };
  let best = byFolder;
  let tried = 0;
  for (const wholeMax of [bounds.most, mean * (balanceMax - 1), 0]) {
    const atoms = atomsOf(coupling, wholeMax);
    // The same atoms again find nothing new.
    if (atoms.count === tried) continue;
    tried = atoms.count;
    const begun = majorities(byFolder.groups, atoms, graph.work);
    for (const found of searchGroups(contracted(graph, atoms.of, atoms.count), bounds, begun)) {
      const groups = projected(found, atoms.of);
      const one = candidate(coupling, groups, count);
      if (isBetter(one, best, byFolder)) best = one;
    }
    if (best !== byFolder) return best;
  }
  return best;
}

/** Files and bytes should be as even as the work is, as far as the largest file allows it: an estimate of work may be wrong. */
function othersMost(amounts: Float64Array, count: number): number {
  const mean = amounts.reduce((sum, amount) => sum + amount, 0) / count;
  const largest = amounts.reduce((most, amount) => Math.max(most, amount), 0);
  return Math.max(mean * aim.othersMost, largest + mean * (aim.othersMost - 1));
}

/** Nothing that cuts more than folders do, or leaves a group empty; then balance as far as it is promised, then the cut. */
function isBetter(one: Candidate, other: Candidate, byFolder: Candidate): boolean {
  if (one.loads.some((load) => load === 0)) return false;
  if (one.cut.imports > byFolder.cut.imports) return false;
  if (one.cut.weight > byFolder.cut.weight + nothing) return false;
  const [a, b] = [one, other].map(({ balance }) => Math.max(balance, balanceMax));
  if (a !== b) return (a ?? 0) < (b ?? 0);
  return one.cut.weight < other.cut.weight - nothing;
}

/** Circles of at most so much work are one atom, all other files one each. */
function atomsOf({ files, circles, graph }: Coupling, wholeMax: number): Parts {
  const works = loadsOf(graph.work, circles.of, circles.count);
  const numbers = new Map<number, number>();
  const of = new Int32Array(files.length);
  files.forEach((_, file) => {
    const circle = at(circles.of, file);
    // Below zero no circle has its number.
    const key = at(works, circle) <= wholeMax ? circle : -1 - file;
    const number = numbers.get(key) ?? numbers.size;
    numbers.set(key, number);
    of[file] = number;
  });
  return { of, count: numbers.size };
}

/** The group in which most of an atom's work is. */
function majorities(groups: Int32Array, atoms: Parts, work: Float64Array): Int32Array {
  const shares: Map<number, number>[] = Array.from({ length: atoms.count }, () => new Map());
  groups.forEach((group, file) => {
    const share = shares[at(atoms.of, file)];
    share?.set(group, (share.get(group) ?? 0) + at(work, file));
  });
  return Int32Array.from(shares, (share) => {
    const [most] = [...share].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
    return most?.[0] ?? 0;
  });
}

function fileGroups({ files }: Coupling, { groups }: Candidate): readonly FileGroup[] {
  const members = new Map<number, (typeof files)[number][]>();
  files.forEach((file, number) => {
    const group = at(groups, number);
    const list = members.get(group);
    if (list) list.push(file);
    else members.set(group, [file]);
  });
  return [...members.values()].map(groupOf);
}

function splitCircles({ files, circles }: Coupling, groups: Int32Array) {
  const members = new Map<number, number[]>();
  files.forEach((_, file) => {
    const circle = at(circles.of, file);
    const list = members.get(circle);
    if (list) list.push(file);
    else members.set(circle, [file]);
  });
  return [...members.values()].flatMap((circle) => {
    const isWhole = new Set(circle.map((file) => at(groups, file))).size < 2;
    return isWhole ? [] : [circle.map((file) => files[file]?.path ?? "")];
  });
}
