/** Which unit goes first: the one with the longest chain of work from its beginning to the end of the last that waits for it,
 *  then plan order. */
import { type Unit, unitPositions } from "./plan.ts";

type Placed = Pick<Unit, "id" | "after">;

/** A plan, as far as it says what goes first. */
export interface Startable {
  readonly units: readonly Placed[];
  readonly estimate?: { readonly units: readonly number[] };
}

const orders = new WeakMap<readonly Placed[], readonly number[]>();
const dependents = new WeakMap<readonly Placed[], readonly (readonly number[])[]>();

/** Positions in the plan, longest critical path first, by the time that each unit is expected to take; where nobody estimated
 *  any they all count the same. Computed once per list of units. */
export function startOrder({ units, estimate }: Startable): readonly number[] {
  const known = orders.get(units);
  if (known) return known;
  const heights = chainLengths(units, weightsOf(units, estimate?.units));
  const made = units
    .map((_, position) => position)
    .sort((a, b) => (heights[b] ?? 0) - (heights[a] ?? 0) || a - b);
  orders.set(units, made);
  return made;
}

/** For each position the positions of the units that come directly after it. */
export function dependentsOf(units: readonly Placed[]): readonly (readonly number[])[] {
  const known = dependents.get(units);
  if (known) return known;
  const positions = unitPositions(units);
  const made: number[][] = units.map(() => []);
  units.forEach((unit, position) => {
    for (const before of unit.after) made[positions.get(before) ?? -1]?.push(position);
  });
  dependents.set(units, made);
  return made;
}

/** Positions such that each comes after everything it waits for; units in a circle are left out. */
export function topologicalOrder(units: readonly Placed[]): readonly number[] {
  const positions = unitPositions(units);
  const open = units.map((unit) => unit.after.filter((id) => positions.has(id)).length);
  const next = dependentsOf(units);
  const ready = open.flatMap((count, position) => (count === 0 ? [position] : []));
  for (let read = 0; read < ready.length; read++) {
    for (const later of next[ready[read] ?? -1] ?? []) {
      open[later] = (open[later] ?? 0) - 1;
      if (open[later] === 0) ready.push(later);
    }
  }
  return ready;
}

/** Of the units on the chain that takes longest, in order, the ids and what they take together. */
export function criticalPath(
  units: readonly Placed[],
  seconds?: readonly number[],
): { readonly units: readonly Unit["id"][]; readonly length: number } {
  const weights = weightsOf(units, seconds);
  const heights = chainLengths(units, weights);
  const next = dependentsOf(units);
  const highest = (positions: readonly number[]) =>
    positions.reduce<number | undefined>((best, position) => {
      if (best === undefined) return position;
      return (heights[position] ?? 0) > (heights[best] ?? 0) ? position : best;
    }, undefined);
  const way: Unit["id"][] = [];
  let length = 0;
  for (let at = highest([...units.keys()]); at !== undefined; at = highest(next[at] ?? [])) {
    // Units in a circle have no end.
    if (way.length > units.length) break;
    way.push(units[at]?.id as Unit["id"]);
    length += weights[at] ?? 0;
  }
  return { units: way, length };
}

/** A unit that nobody estimated, such as one that came later, counts as much as the others on average. */
function weightsOf(units: readonly Placed[], seconds: readonly number[] = []): readonly number[] {
  const mean = seconds.length === 0 ? 1 : seconds.reduce((a, b) => a + b, 0) / seconds.length;
  return units.map((_, position) => seconds[position] ?? mean);
}

function chainLengths(units: readonly Placed[], weights: readonly number[]): readonly number[] {
  const lengths = [...weights];
  const next = dependentsOf(units);
  for (const position of [...topologicalOrder(units)].reverse()) {
    const own = weights[position] ?? 0;
    for (const later of next[position] ?? []) {
      lengths[position] = Math.max(lengths[position] ?? 0, (lengths[later] ?? 0) + own);
    }
  }
  return lengths;
}
