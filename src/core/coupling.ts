/** What ties the files of a goal together, made ready for a partition: who imports whom, what changed together, what lies in one
 *  folder. The same files and ties in any order make the same value. */
import { compareByFolder, folderOf, type WorkFile } from "./folder-partition.ts";
import { type Arrow, strongComponents } from "./strong-components.ts";
import { type Pair, type TieGraph, tieGraph } from "./tie-graph.ts";

/** `import`: `from` needs `to`, and counts as one edge however often it is said. `together`: they changed together, whoever
 *  is named first; several such ties add up. */
export interface Tie {
  readonly from: string;
  readonly to: string;
  readonly kind: "import" | "together";
  /** From 0 to 1, of `together`. */
  readonly share?: number;
}

export interface Coupling {
  /** In folder order; a file's number is its place here. */
  readonly files: readonly WorkFile[];
  /** Each import once. */
  readonly imports: readonly Arrow[];
  /** What is cut and what it weighs: imports and what changed together. */
  readonly ties: readonly Pair[];
  /** The same, and the folders. */
  readonly graph: TieGraph;
  /** Files that import each other in a circle. */
  readonly circles: { readonly of: Int32Array; readonly count: number };
}

const importWeight = 1;
/** Of files that never changed one without the other. */
const togetherWeight = 0.5;
/** Only where nothing else tells. */
const folderWeight = 0.02;

export function couplingOf(given: readonly WorkFile[], ties: readonly Tie[]): Coupling {
  const files = [...given]
    .sort((a, b) => compareByFolder(a.path, b.path))
    .map((file) => ({ ...file, work: Math.max(1, Math.round(file.work)) }));
  const numbers = new Map(files.map(({ path }, number) => [path, number]));
  const arrows = new Set<number>();
  const shares = new Map<number, number[]>();
  for (const { from, to, kind, share = 1 } of ties) {
    const [a, b] = [numbers.get(from), numbers.get(to)];
    if (a === undefined || b === undefined || a === b) continue;
    if (kind === "import") arrows.add(a * files.length + b);
    else {
      const key = Math.min(a, b) * files.length + Math.max(a, b);
      shares.set(key, [...(shares.get(key) ?? []), share]);
    }
  }
  const place = (key: number) => [Math.floor(key / files.length), key % files.length] as const;
  const imports = [...arrows]
    .sort((a, b) => a - b)
    .map((key) => {
      const [from, to] = place(key);
      return { from, to };
    });
  const weights = new Map<number, number>();
  for (const { from, to } of imports) {
    const key = Math.min(from, to) * files.length + Math.max(from, to);
    weights.set(key, (weights.get(key) ?? 0) + importWeight);
  }
  for (const [key, list] of shares) {
    // In one order, since a sum of fractions depends on it.
    const share = list.sort((a, b) => a - b).reduce((sum, one) => sum + one, 0);
    weights.set(key, (weights.get(key) ?? 0) + Math.min(1, share) * togetherWeight);
  }
  const cut = pairsOf(weights, place);
  addFolders(weights, files);
  return {
    files,
    imports,
    ties: cut,
    graph: tieGraph(
      Float64Array.from(files, ({ work }) => work),
      pairsOf(weights, place),
      [Float64Array.from(files, () => 1), Float64Array.from(files, ({ bytes = 0 }) => bytes)],
    ),
    circles: strongComponents(files.length, imports),
  };
}

function pairsOf(
  weights: ReadonlyMap<number, number>,
  place: (key: number) => readonly [number, number],
): readonly Pair[] {
  return [...weights]
    .filter(([, weight]) => weight > 0)
    .sort(([a], [b]) => a - b)
    .map(([key, weight]) => {
      const [a, b] = place(key);
      return { a, b, weight };
    });
}

/** Each file to the next of its folder: all pairs would be too many, and a chain keeps them together as well. */
function addFolders(weights: Map<number, number>, files: readonly WorkFile[]): void {
  files.forEach(({ path }, number) => {
    const next = files[number + 1];
    if (next === undefined || folderOf(next.path) !== folderOf(path)) return;
    const key = number * files.length + number + 1;
    weights.set(key, (weights.get(key) ?? 0) + folderWeight);
  });
}
