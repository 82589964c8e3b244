/** Nodes in groups while a partition is being sought: who is where, how much work each group has, and what a move would gain.
 *  It changes in place, since a search makes millions of moves. */
import { at, loadsOf, type TieGraph } from "./tie-graph.ts";

/** How much work a group may have; `least` is wished for, never forced. */
export interface Bounds {
  readonly count: number;
  readonly most: number;
  readonly least: number;
  /** How much a group may have of what else should be even, in the graph's order. */
  readonly othersMost: readonly number[];
}

export interface Move {
  readonly node: number;
  readonly to: number;
  /** By how much the cut shrinks. */
  readonly gain: number;
}

export class Grouping {
  readonly graph: TieGraph;
  readonly bounds: Bounds;
  readonly groups: Int32Array;
  readonly loads: Float64Array;
  readonly sizes: Int32Array;
  /** Of each group, what else should be even. */
  readonly others: readonly Float64Array[];
  readonly #ties: Float64Array;
  /** The groups that a node is tied to, as many as were counted last: the lists are used again and again. */
  readonly #touched: Int32Array;
  #touchedCount = 0;

  constructor(graph: TieGraph, groups: Int32Array, bounds: Bounds) {
    this.graph = graph;
    this.bounds = bounds;
    this.groups = groups.slice();
    this.loads = loadsOf(graph.work, groups, bounds.count);
    this.sizes = new Int32Array(bounds.count);
    for (const group of groups) this.sizes[group] = at(this.sizes, group) + 1;
    this.others = graph.others.map((other) => loadsOf(other, groups, bounds.count));
    this.#ties = new Float64Array(bounds.count);
    this.#touched = new Int32Array(bounds.count);
  }

  move(node: number, to: number): void {
    const from = at(this.groups, node);
    const work = at(this.graph.work, node);
    this.groups[node] = to;
    this.loads[from] = at(this.loads, from) - work;
    this.loads[to] = at(this.loads, to) + work;
    this.others.forEach((loads, which) => {
      const amount = at(this.graph.others[which] ?? loads, node);
      loads[from] = at(loads, from) - amount;
      loads[to] = at(loads, to) + amount;
    });
    this.sizes[from] = at(this.sizes, from) - 1;
    this.sizes[to] = at(this.sizes, to) + 1;
  }

  /** The move of the node that gains most among groups it is tied to and that have room; it leaves none empty or idle. */
  bestMove(node: number): Move | undefined {
    if (!this.mayLeave(node)) return undefined;
    this.#weigh(node);
    const from = at(this.groups, node);
    const stay = at(this.#ties, from);
    let best: Move | undefined;
    for (let place = 0; place < this.#touchedCount; place++) {
      const to = at(this.#touched, place);
      if (to === from || !this.hasRoom(to, node)) continue;
      const gain = at(this.#ties, to) - stay;
      const isBetter =
        best === undefined ||
        gain > best.gain ||
        (gain === best.gain && this.#isEmptier(to, best.to));
      if (isBetter) best = { node, to, gain };
    }
    this.#forget();
    return best;
  }

  /** What moving the node to this group would gain, wherever it is tied. */
  gain(node: number, to: number): number {
    this.#weigh(node);
    const gain = at(this.#ties, to) - at(this.#ties, at(this.groups, node));
    this.#forget();
    return gain;
  }

  hasRoom(to: number, node: number): boolean {
    if (at(this.loads, to) + at(this.graph.work, node) > this.bounds.most) return false;
    for (const [which, loads] of this.others.entries()) {
      const amount = at(this.graph.others[which] ?? loads, node);
      if (at(loads, to) + amount > (this.bounds.othersMost[which] ?? amount)) return false;
    }
    return true;
  }

  /** It has too much of anything. */
  isFull(group: number): boolean {
    if (at(this.loads, group) > this.bounds.most) return true;
    return this.others.some(
      (loads, which) => at(loads, group) > (this.bounds.othersMost[which] ?? 0),
    );
  }

  mayLeave(node: number): boolean {
    const from = at(this.groups, node);
    if (at(this.sizes, from) < 2) return false;
    return at(this.loads, from) - at(this.graph.work, node) >= this.bounds.least;
  }

  #isEmptier(one: number, other: number): boolean {
    const [a, b] = [at(this.loads, one), at(this.loads, other)];
    return a === b ? one < other : a < b;
  }

  #weigh(node: number): void {
    const { starts, ends, weights } = this.graph;
    const end = at(starts, node + 1);
    for (let place = at(starts, node); place < end; place++) {
      const group = at(this.groups, at(ends, place));
      if (at(this.#ties, group) === 0) {
        this.#touched[this.#touchedCount] = group;
        this.#touchedCount += 1;
      }
      this.#ties[group] = at(this.#ties, group) + at(weights, place);
    }
  }

  #forget(): void {
    for (let place = 0; place < this.#touchedCount; place++) {
      this.#ties[at(this.#touched, place)] = 0;
    }
    this.#touchedCount = 0;
  }
}
