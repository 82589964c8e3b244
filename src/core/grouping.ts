/** Nodes in groups while a partition is being sought: who is where, how much work each group has, and what a move would gain.
 *  It changes in place, since a search makes millions of moves. */
import { at, loadsOf, type TieGraph } from "./tie-graph.ts";

/** How much work a group may have; `least` is wished for, never forced. */
export interface Bounds {
  readonly count: number;
  readonly most: number;
  readonly least: number;
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
  readonly #ties: Float64Array;

  constructor(graph: TieGraph, groups: Int32Array, bounds: Bounds) {
    this.graph = graph;
    this.bounds = bounds;
    this.groups = groups.slice();
    this.loads = loadsOf(graph.work, groups, bounds.count);
    this.sizes = new Int32Array(bounds.count);
    for (const group of groups) this.sizes[group] = at(this.sizes, group) + 1;
    this.#ties = new Float64Array(bounds.count);
  }

  move(node: number, to: number): void {
    const from = at(this.groups, node);
    const work = at(this.graph.work, node);
    this.groups[node] = to;
    this.loads[from] = at(this.loads, from) - work;
    this.loads[to] = at(this.loads, to) + work;
    this.sizes[from] = at(this.sizes, from) - 1;
    this.sizes[to] = at(this.sizes, to) + 1;
  }

  /** The move of the node that gains most among groups it is tied to and that have room; it leaves none empty or idle. */
  bestMove(node: number): Move | undefined {
    if (!this.mayLeave(node)) return undefined;
    const { starts } = this.graph;
    const touched = this.#weigh(node);
    const from = at(this.groups, node);
    const stay = at(this.#ties, from);
    let best: Move | undefined;
    for (const to of touched) {
      if (to === from || !this.hasRoom(to, node)) continue;
      const gain = at(this.#ties, to) - stay;
      const isBetter =
        best === undefined ||
        gain > best.gain ||
        (gain === best.gain && this.#isEmptier(to, best.to));
      if (isBetter) best = { node, to, gain };
    }
    this.#forget(touched);
    return at(starts, node) === at(starts, node + 1) ? undefined : best;
  }

  /** What moving the node to this group would gain, wherever it is tied. */
  gain(node: number, to: number): number {
    const touched = this.#weigh(node);
    const gain = at(this.#ties, to) - at(this.#ties, at(this.groups, node));
    this.#forget(touched);
    return gain;
  }

  hasRoom(to: number, node: number): boolean {
    return at(this.loads, to) + at(this.graph.work, node) <= this.bounds.most;
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

  /** The node's ties to each group, in a list that is used again and again. */
  #weigh(node: number): readonly number[] {
    const { starts, ends, weights } = this.graph;
    const touched: number[] = [];
    for (let place = at(starts, node); place < at(starts, node + 1); place++) {
      const group = at(this.groups, at(ends, place));
      if (at(this.#ties, group) === 0) touched.push(group);
      this.#ties[group] = at(this.#ties, group) + at(weights, place);
    }
    return touched;
  }

  #forget(touched: readonly number[]): void {
    for (const group of touched) this.#ties[group] = 0;
  }
}
