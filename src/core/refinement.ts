/** Moves nodes between groups so that less is cut: first whatever balance asks for, then Fiduccia and Mattheyses' passes, in
 *  which each node moves at most once, losses are taken in the hope of gains, and what did not pay is taken back. */
import { type Bounds, Grouping } from "./grouping.ts";
import { Heap } from "./heap.ts";
import { at, type TieGraph } from "./tie-graph.ts";

const passesMax = 12;
/** Moves in a row that gain nothing, before a pass gives up. */
const patience = 60;
/** Sums of weights in another order differ by less than this. */
const nothing = 1e-9;
const balancingRoundsMax = 20;

/** Groups that cut no more than the given ones, unless balance makes them. */
export function refine(graph: TieGraph, groups: Int32Array, bounds: Bounds): Int32Array {
  const grouping = new Grouping(graph, groups, bounds);
  balance(grouping);
  for (let pass = 0; pass < passesMax; pass++) {
    if (!improve(grouping)) break;
  }
  return grouping.groups;
}

function balance(grouping: Grouping): void {
  for (let round = 0; round < balancingRoundsMax; round++) {
    const relieved = relieve(grouping);
    const filled = fill(grouping);
    if (!relieved && !filled) return;
  }
}

/** Takes from groups with too much; of their nodes first those that are tied to them least. */
function relieve(grouping: Grouping): boolean {
  const { loads, graph, bounds, groups } = grouping;
  let moved = false;
  for (let group = 0; group < bounds.count; group++) {
    if (!grouping.isFull(group)) continue;
    for (const { node } of byGain(grouping, group)) {
      if (!grouping.isFull(group)) break;
      const to = grouping.bestMove(node)?.to ?? emptiest(loads);
      const becomes = at(loads, to) + at(graph.work, node);
      const isWorse = becomes >= Math.max(at(loads, group), bounds.most);
      if (to === at(groups, node) || isWorse || at(grouping.sizes, group) < 2) continue;
      grouping.move(node, to);
      moved = true;
    }
  }
  return moved;
}

/** Gives to groups with too little, from those that have enough. */
function fill(grouping: Grouping): boolean {
  const { loads, sizes, bounds } = grouping;
  let moved = false;
  for (let group = 0; group < bounds.count; group++) {
    const isPoor = () => at(sizes, group) === 0 || at(loads, group) < bounds.least;
    if (!isPoor()) continue;
    for (const { node } of wantedBy(grouping, group)) {
      if (!isPoor()) break;
      if (!grouping.mayLeave(node) || !grouping.hasRoom(group, node)) continue;
      grouping.move(node, group);
      moved = true;
    }
  }
  return moved;
}

/** The nodes of others, first those whose coming loses least. */
function wantedBy(grouping: Grouping, group: number): readonly Gain[] {
  const wanted: Gain[] = [];
  grouping.groups.forEach((its, node) => {
    if (its === group || !grouping.mayLeave(node)) return;
    wanted.push({ node, gain: grouping.gain(node, group) });
  });
  return wanted.sort(byGainThenNode);
}

interface Gain {
  readonly node: number;
  readonly gain: number;
}

function byGainThenNode(a: Gain, b: Gain): number {
  return b.gain - a.gain || a.node - b.node;
}

function byGain(grouping: Grouping, group: number): readonly Gain[] {
  const found: Gain[] = [];
  grouping.groups.forEach((its, node) => {
    if (its !== group) return;
    const gain = grouping.bestMove(node)?.gain ?? -grouping.graph.size;
    found.push({ node, gain });
  });
  return found.sort(byGainThenNode);
}

function emptiest(loads: Float64Array): number {
  let found = 0;
  loads.forEach((load, group) => {
    if (load < at(loads, found)) found = group;
  });
  return found;
}

/** One pass; whether it gained anything. */
function improve(grouping: Grouping): boolean {
  const { graph, groups } = grouping;
  const pass = new Pass(grouping);
  for (let node = 0; node < graph.size; node++) pass.consider(node);
  const made: { readonly node: number; readonly from: number }[] = [];
  let total = 0;
  let best = 0;
  let bestLength = 0;
  for (let next = pass.next(); next; next = pass.next()) {
    made.push({ node: next.node, from: at(groups, next.node) });
    grouping.move(next.node, next.to);
    total += next.gain;
    if (total > best + nothing) {
      best = total;
      bestLength = made.length;
    } else if (made.length - bestLength > patience) break;
    pass.close(next.node);
  }
  for (const { node, from } of made.slice(bestLength).reverse()) grouping.move(node, from);
  return best > nothing;
}

interface QueuedMove {
  readonly node: number;
  readonly gain: number;
  /** What is out of date is not taken out of the queue, but told by this when it comes up. */
  readonly version: number;
}

function gainsMore(a: QueuedMove, b: QueuedMove): boolean {
  return a.gain === b.gain ? a.node < b.node : a.gain > b.gain;
}

/** What may still be moved in this pass. */
class Pass {
  readonly #grouping: Grouping;
  readonly #queue = new Heap<QueuedMove>(gainsMore);
  readonly #versions: Int32Array;
  readonly #closed: Uint8Array;

  constructor(grouping: Grouping) {
    this.#grouping = grouping;
    this.#versions = new Int32Array(grouping.graph.size);
    this.#closed = new Uint8Array(grouping.graph.size);
  }

  consider(node: number): void {
    const version = at(this.#versions, node) + 1;
    this.#versions[node] = version;
    const move = this.#grouping.bestMove(node);
    if (move) this.#queue.push({ node, gain: move.gain, version });
  }

  /** The best move there is now; gains that loads made out of date are seen again. */
  next() {
    for (let queued = this.#queue.pop(); queued; queued = this.#queue.pop()) {
      const { node, gain, version } = queued;
      if (at(this.#closed, node) === 1 || version !== at(this.#versions, node)) continue;
      const move = this.#grouping.bestMove(node);
      if (!move) continue;
      if (move.gain >= gain - nothing) {
        this.#closed[node] = 1;
        return move;
      }
      this.#queue.push({ node, gain: move.gain, version });
    }
    return undefined;
  }

  /** The node has moved: its neighbours see it elsewhere. */
  close(node: number): void {
    const { starts, ends } = this.#grouping.graph;
    for (let place = at(starts, node); place < at(starts, node + 1); place++) {
      const other = at(ends, place);
      if (at(this.#closed, other) === 0) this.consider(other);
    }
  }
}
