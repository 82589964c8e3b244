/** Communities into groups: the heaviest first, each to the group that it is tied to most among those with room. */
import type { Bounds } from "./grouping.ts";
import { at, type TieGraph } from "./tie-graph.ts";

/** Every node of the graph in one of `count` groups; some may have too much, or nothing, where nodes are heavy. */
export function pack(graph: TieGraph, { count, most, othersMost }: Bounds): Int32Array {
  const groups = new Int32Array(graph.size).fill(-1);
  const loads = new Float64Array(count);
  const others = graph.others.map(() => new Float64Array(count));
  const hasRoom = (group: number, node: number) => {
    if (at(loads, group) + at(graph.work, node) > most) return false;
    return others.every((amounts, which) => {
      const amount = at(graph.others[which] ?? amounts, node);
      return at(amounts, group) + amount <= (othersMost[which] ?? 0);
    });
  };
  const heaviestFirst = Array.from({ length: graph.size }, (_, node) => node).sort(
    (a, b) => at(graph.work, b) - at(graph.work, a) || a - b,
  );
  for (const node of heaviestFirst) {
    const work = at(graph.work, node);
    const ties = tiesOf(graph, node, groups, count);
    let best = -1;
    for (let group = 0; group < count; group++) {
      if (!hasRoom(group, node)) continue;
      if (best < 0 || isBetter(group, best, ties, loads)) best = group;
    }
    if (best < 0) best = emptiest(loads);
    groups[node] = best;
    loads[best] = at(loads, best) + work;
    for (const [which, amounts] of others.entries()) {
      amounts[best] = at(amounts, best) + at(graph.others[which] ?? amounts, node);
    }
  }
  return groups;
}

function isBetter(one: number, other: number, ties: Float64Array, loads: Float64Array): boolean {
  const [a, b] = [at(ties, one), at(ties, other)];
  return a === b ? at(loads, one) < at(loads, other) : a > b;
}

function tiesOf(graph: TieGraph, node: number, groups: Int32Array, count: number): Float64Array {
  const ties = new Float64Array(count);
  for (let place = at(graph.starts, node); place < at(graph.starts, node + 1); place++) {
    const group = at(groups, at(graph.ends, place));
    if (group >= 0) ties[group] = at(ties, group) + at(graph.weights, place);
  }
  return ties;
}

function emptiest(loads: Float64Array): number {
  let found = 0;
  for (let group = 1; group < loads.length; group++) {
    if (at(loads, group) < at(loads, found)) found = group;
  }
  return found;
}
