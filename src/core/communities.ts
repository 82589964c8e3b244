/** The one door to graphology: nodes that are tied to each other more than to the rest, by Louvain's method. Seeded, so that
 *  the same graph has the same communities on every machine. */
import { UndirectedGraph } from "graphology";
import louvainModule from "graphology-communities-louvain";
import { seededRandom } from "./seeded-random.ts";
import { at, type TieGraph } from "./tie-graph.ts";

// Its types speak of a module with a default; what Node loads is the function itself.
const louvain = louvainModule as unknown as typeof louvainModule.default;

const seed = 0x9e3779b9;

/** For each node the number of its community, without gaps. A higher `resolution` makes smaller communities. */
export function communitiesOf(
  graph: TieGraph,
  resolution: number,
): { readonly of: Int32Array; readonly count: number } {
  const made = new UndirectedGraph();
  let ties = 0;
  for (let node = 0; node < graph.size; node++) made.addNode(node);
  for (let node = 0; node < graph.size; node++) {
    for (let place = at(graph.starts, node); place < at(graph.starts, node + 1); place++) {
      const other = at(graph.ends, place);
      if (other <= node) continue;
      ties += 1;
      made.addUndirectedEdge(node, other, { weight: at(graph.weights, place) });
    }
  }
  // Without a tie there is no modularity, and everybody is alone.
  if (ties === 0)
    return { of: Int32Array.from({ length: graph.size }, (_, n) => n), count: graph.size };
  const found = louvain(made, { resolution, rng: seededRandom(seed), getEdgeWeight: "weight" });
  const renamed = new Map<number, number>();
  const of = new Int32Array(graph.size);
  for (let node = 0; node < graph.size; node++) {
    const community = found[node] ?? 0;
    const known = renamed.get(community) ?? renamed.size;
    renamed.set(community, known);
    of[node] = known;
  }
  return { of, count: renamed.size };
}
