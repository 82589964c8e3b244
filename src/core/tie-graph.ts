/** What is tied to what, as numbers: nodes with work, and symmetric weights between them in compressed rows. Twenty thousand
 *  files with their imports fit into a few megabytes so. */

export interface TieGraph {
  readonly size: number;
  /** What each node costs to work on. */
  readonly work: Float64Array;
  /** What else should be even, such as the number of files: one list for each. */
  readonly others: readonly Float64Array[];
  /** The neighbours of node `n` are `ends[starts[n]]` up to `ends[starts[n + 1]]`, the weight of each beside it. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly weights: Float64Array;
}

/** Two different nodes and how much they are tied; each pair of nodes once. */
export interface Pair {
  readonly a: number;
  readonly b: number;
  readonly weight: number;
}

export function tieGraph(
  work: Float64Array,
  pairs: readonly Pair[],
  others: readonly Float64Array[] = [],
): TieGraph {
  const size = work.length;
  const starts = new Int32Array(size + 1);
  for (const { a, b } of pairs) {
    starts[a + 1] = at(starts, a + 1) + 1;
    starts[b + 1] = at(starts, b + 1) + 1;
  }
  for (let node = 0; node < size; node++)
    starts[node + 1] = at(starts, node + 1) + at(starts, node);
  const next = starts.slice();
  const ends = new Int32Array(at(starts, size));
  const weights = new Float64Array(ends.length);
  const put = (from: number, to: number, weight: number) => {
    const place = at(next, from);
    ends[place] = to;
    weights[place] = weight;
    next[from] = place + 1;
  };
  for (const { a, b, weight } of pairs) {
    put(a, b, weight);
    put(b, a, weight);
  }
  return { size, work, others, starts, ends, weights };
}

/** The graph whose nodes are the parts; `parts` says for each node which one it is in. */
export function contracted(graph: TieGraph, parts: Int32Array, count: number): TieGraph {
  const sums = new Map<number, number>();
  for (let node = 0; node < graph.size; node++) {
    const part = at(parts, node);
    for (let place = at(graph.starts, node); place < at(graph.starts, node + 1); place++) {
      const other = at(parts, at(graph.ends, place));
      if (other <= part) continue;
      const key = part * count + other;
      sums.set(key, (sums.get(key) ?? 0) + at(graph.weights, place));
    }
  }
  const pairs = [...sums].map(([key, weight]) => {
    return { a: Math.floor(key / count), b: key % count, weight };
  });
  const others = graph.others.map((other) => loadsOf(other, parts, count));
  return tieGraph(loadsOf(graph.work, parts, count), pairs, others);
}

/** The weights that go from one group to another. */
export function cutWeight(graph: TieGraph, groups: Int32Array): number {
  let cut = 0;
  for (let node = 0; node < graph.size; node++) {
    for (let place = at(graph.starts, node); place < at(graph.starts, node + 1); place++) {
      const other = at(graph.ends, place);
      if (other > node && at(groups, other) !== at(groups, node)) cut += at(graph.weights, place);
    }
  }
  return cut;
}

export function loadsOf(work: Float64Array, groups: Int32Array, count: number): Float64Array {
  const loads = new Float64Array(count);
  for (let node = 0; node < work.length; node++) {
    const group = at(groups, node);
    loads[group] = at(loads, group) + at(work, node);
  }
  return loads;
}

/** For places that are known to be inside. */
export function at(list: Int32Array | Float64Array | Uint8Array, place: number): number {
  return list[place] ?? 0;
}
