/** Which unit goes first: the one with the longest chain of others waiting behind it, then plan order. */
import { type Unit, unitPositions } from "./plan.ts";

const orders = new WeakMap<readonly Unit[], readonly number[]>();
const dependents = new WeakMap<readonly Unit[], readonly (readonly number[])[]>();

/** Positions in the plan, longest critical path first. Computed once per list of units. */
export function startOrder(units: readonly Unit[]): readonly number[] {
  const known = orders.get(units);
  if (known) return known;
  const heights = chainLengths(units);
  const made = units
    .map((_, position) => position)
    .sort((a, b) => (heights[b] ?? 0) - (heights[a] ?? 0) || a - b);
  orders.set(units, made);
  return made;
}

/** For each position the positions of the units that come directly after it. */
export function dependentsOf(units: readonly Unit[]): readonly (readonly number[])[] {
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
export function topologicalOrder(units: readonly Unit[]): readonly number[] {
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

function chainLengths(units: readonly Unit[]): readonly number[] {
  const lengths = new Array<number>(units.length).fill(1);
  const next = dependentsOf(units);
  for (const position of [...topologicalOrder(units)].reverse()) {
    for (const later of next[position] ?? []) {
      lengths[position] = Math.max(lengths[position] ?? 1, (lengths[later] ?? 1) + 1);
    }
  }
  return lengths;
}
