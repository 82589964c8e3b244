/** Files that import each other in a circle. Chains of imports are as deep as a repository is hostile, so nothing recurses. */
import { at } from "./tie-graph.ts";

export interface Arrow {
  readonly from: number;
  readonly to: number;
}

/** For each node the number of its component. Numbers have no gaps and go by each component's first node. */
export function strongComponents(
  size: number,
  arrows: readonly Arrow[],
): { readonly of: Int32Array; readonly count: number } {
  const found = tarjan(size, arrows);
  const renamed = new Map<number, number>();
  const of = found.map((component) => {
    const known = renamed.get(component) ?? renamed.size;
    renamed.set(component, known);
    return known;
  });
  return { of, count: renamed.size };
}

/** Tarjan's algorithm with its own stack. */
function tarjan(size: number, arrows: readonly Arrow[]): Int32Array {
  const walk = new Walk(size, arrows);
  for (let root = 0; root < size; root++) {
    if (walk.isSeen(root)) continue;
    const way = [root];
    walk.enter(root);
    for (let node = way.at(-1); node !== undefined; node = way.at(-1)) {
      const other = walk.next(node);
      if (other === undefined) {
        way.pop();
        walk.leave(node, way.at(-1));
      } else if (walk.isSeen(other)) walk.meet(node, other);
      else {
        way.push(other);
        walk.enter(other);
      }
    }
  }
  return walk.component;
}

class Walk {
  readonly component: Int32Array;
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  readonly #order: Int32Array;
  readonly #lowest: Int32Array;
  readonly #next: Int32Array;
  readonly #open: number[] = [];
  #seen = 0;
  #components = 0;

  constructor(size: number, arrows: readonly Arrow[]) {
    const { starts, ends } = rows(size, arrows);
    this.component = new Int32Array(size).fill(-1);
    this.#starts = starts;
    this.#ends = ends;
    this.#order = new Int32Array(size).fill(-1);
    this.#lowest = new Int32Array(size);
    this.#next = starts.slice();
  }

  isSeen(node: number): boolean {
    return at(this.#order, node) >= 0;
  }

  enter(node: number): void {
    this.#order[node] = this.#seen;
    this.#lowest[node] = this.#seen;
    this.#seen += 1;
    this.#open.push(node);
  }

  /** What the node's next arrow points at. */
  next(node: number): number | undefined {
    const place = at(this.#next, node);
    if (place >= at(this.#starts, node + 1)) return undefined;
    this.#next[node] = place + 1;
    return at(this.#ends, place);
  }

  meet(node: number, other: number): void {
    if (at(this.component, other) >= 0) return;
    this.#lowest[node] = Math.min(at(this.#lowest, node), at(this.#order, other));
  }

  /** All that the node leads to has been seen: it may be the root of a component. */
  leave(node: number, above: number | undefined): void {
    if (at(this.#lowest, node) === at(this.#order, node)) this.#close(node);
    if (above === undefined) return;
    this.#lowest[above] = Math.min(at(this.#lowest, above), at(this.#lowest, node));
  }

  #close(root: number): void {
    let member = this.#open.pop();
    while (member !== undefined) {
      this.component[member] = this.#components;
      if (member === root) break;
      member = this.#open.pop();
    }
    this.#components += 1;
  }
}

function rows(size: number, arrows: readonly Arrow[]) {
  const starts = new Int32Array(size + 1);
  for (const { from } of arrows) starts[from + 1] = at(starts, from + 1) + 1;
  for (let node = 0; node < size; node++)
    starts[node + 1] = at(starts, node + 1) + at(starts, node);
  const next = starts.slice();
  const ends = new Int32Array(arrows.length);
  for (const { from, to } of arrows) {
    const place = at(next, from);
    ends[place] = to;
    next[from] = place + 1;
  }
  return { starts, ends };
}
