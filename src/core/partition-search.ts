/** Several ways to put nodes into groups, each refined: from communities, coarse and fine, and from the groups by folder. Which
 *  one is best is not decided here. */
import { communitiesOf } from "./communities.ts";
import type { Bounds } from "./grouping.ts";
import { pack } from "./packing.ts";
import { refine } from "./refinement.ts";
import { seededRandom } from "./seeded-random.ts";
import { at, contracted, cutWeight, loadsOf, type TieGraph } from "./tie-graph.ts";

/** Numbered without gaps. */
export interface Parts {
  /** The part of each node. */
  readonly of: Int32Array;
  readonly count: number;
}

/** Finer communities pack better, coarser ones cut less. */
const resolutions = [1, 3, 8];
/** With so many nodes one way is as good as another, and time is not. */
const manyNodes = 6000;
const fewResolutions = [3];
/** Shaking the best one and refining it again: so often at most, and so many steps in all. */
const shakesMax = 40;
const shakingStepsMax = 5_000_000;
/** The share of nodes that are put anywhere: from a few to a quarter. */
const shakenShare = { least: 0.02, range: 0.2 };
const seed = 0x2545f491;
/** Of the mean: a community that is heavier cannot be packed well, and is cut into pieces. */
const communityMax = 0.6;
const pieceMax = 0.25;
/** Sums of weights in another order differ by less than this. */
const nothing = 1e-9;

/** `begun` is a grouping to start from, by node; the answers are groupings of the nodes. */
export function searchGroups(
  graph: TieGraph,
  bounds: Bounds,
  begun: Int32Array,
): readonly Int32Array[] {
  const tried = graph.size > manyNodes ? fewResolutions : resolutions;
  const fromCommunities = tried.map((resolution) => {
    const parts = cutLarge(graph, communitiesOf(graph, resolution), bounds);
    const coarse = contracted(graph, parts.of, parts.count);
    const packed = refine(coarse, pack(coarse, bounds), bounds);
    return refine(graph, projected(packed, parts.of), bounds);
  });
  const found = [...fromCommunities, refine(graph, begun, bounds)];
  return [...found, shaken(graph, bounds, found)];
}

/** The way out of a place from which no few moves lead to a better one. */
function shaken(graph: TieGraph, bounds: Bounds, found: readonly Int32Array[]): Int32Array {
  const cuts = found.map((groups) => cutWeight(graph, groups));
  let cut = Math.min(...cuts);
  let best = found[cuts.indexOf(cut)] ?? new Int32Array(graph.size);
  const random = seededRandom(seed);
  const shakes = Math.min(shakesMax, Math.floor(shakingStepsMax / passSteps(graph)));
  for (let shake = 0; shake < shakes; shake++) {
    const share = shakenShare.least + shakenShare.range * random();
    const moved = best.map((group) => {
      return random() < share ? Math.floor(random() * bounds.count) : group;
    });
    const refined = refine(graph, moved, bounds);
    const refinedCut = cutWeight(graph, refined);
    const isBalanced = loadsOf(graph.work, refined, bounds.count).every(
      (load) => load <= bounds.most,
    );
    if (!isBalanced || refinedCut >= cut - nothing) continue;
    cut = refinedCut;
    best = refined;
  }
  return best;
}

/** Every move looks at the neighbours of each neighbour: what a pass takes. */
function passSteps({ size, starts }: TieGraph): number {
  let steps = size;
  for (let node = 0; node < size; node++) steps += (at(starts, node + 1) - at(starts, node)) ** 2;
  return steps;
}

/** The group of each node from the group of its part. */
export function projected(groups: Int32Array, parts: Int32Array): Int32Array {
  return parts.map((part) => at(groups, part));
}

/** Nodes stand in folder order, so a piece of a community is a stretch of neighbours. */
function cutLarge(graph: TieGraph, { of, count }: Parts, bounds: Bounds): Parts {
  const total = graph.work.reduce((sum, work) => sum + work, 0);
  const mean = total / bounds.count;
  const works = new Float64Array(count);
  of.forEach((part, node) => {
    works[part] = at(works, part) + at(graph.work, node);
  });
  const filled = new Float64Array(count);
  const piece = new Int32Array(count).fill(-1);
  let pieces = 0;
  const cut = of.map((part, node) => {
    const work = at(graph.work, node);
    const isLarge = at(works, part) > mean * communityMax;
    const isFull = isLarge && at(filled, part) + work > mean * pieceMax;
    if (at(piece, part) < 0 || (isFull && at(filled, part) > 0)) {
      piece[part] = pieces;
      filled[part] = 0;
      pieces += 1;
    }
    filled[part] = at(filled, part) + work;
    return at(piece, part);
  });
  return { of: cut, count: pieces };
}
