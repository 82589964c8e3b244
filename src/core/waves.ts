/** How the units of a plan stand one after another: for showing a plan, never for scheduling it (a unit starts as soon as
 *  those it comes after are merged). Plans may be chains of 100,000 units, so nothing recurses. */
import type { UnitId } from "./id.ts";
import type { Unit } from "./plan.ts";

type Placed = Pick<Unit, "id" | "after">;

/** Units that could run side by side, wave by wave; those in or behind a circle are left out. */
export function waves(units: readonly Placed[]): readonly (readonly UnitId[])[] {
  const { levels } = sorted(units);
  const made: UnitId[][] = [];
  units.forEach((unit, at) => {
    const level = levels[at];
    if (level === undefined || level < 0) return;
    const wave = made[level];
    if (wave) wave.push(unit.id);
    else made[level] = [unit.id];
  });
  return made;
}

/** The number of units on the longest chain. */
export function criticalPathLength(units: readonly Placed[]): number {
  return waves(units).length;
}

/** Every circle once, as positions in `units`, each unit after the next and the last after the first. */
export function circles(units: readonly Placed[]): readonly (readonly number[])[] {
  const { levels, before } = sorted(units);
  const seen = new Map<number, number>();
  const found: number[][] = [];
  units.forEach((_, start) => {
    const way: number[] = [];
    let at: number | undefined = start;
    while (at !== undefined && levels[at] === -1 && !seen.has(at)) {
      seen.set(at, start);
      way.push(at);
      at = before[at]?.find((one) => levels[one] === -1);
    }
    if (at !== undefined && levels[at] === -1 && seen.get(at) === start && way.includes(at)) {
      found.push(way.slice(way.indexOf(at)));
    }
  });
  return found;
}

/** `levels` is -1 for a unit that can never start. */
function sorted(units: readonly Placed[]): {
  readonly levels: readonly number[];
  readonly before: readonly (readonly number[])[];
} {
  const positions = new Map<string, number>(units.map((unit, at) => [unit.id, at]));
  const before = units.map((unit) =>
    [...new Set(unit.after)].flatMap((id) => positions.get(id) ?? []),
  );
  const behind: number[][] = units.map(() => []);
  before.forEach((list, at) => {
    for (const one of list) behind[one]?.push(at);
  });
  const waiting = before.map((list) => list.length);
  const ready = waiting.flatMap((count, at) => (count === 0 ? [at] : []));
  for (let next = 0; next < ready.length; next++) {
    const at = ready[next] ?? 0;
    for (const one of behind[at] ?? []) {
      waiting[one] = (waiting[one] ?? 0) - 1;
      if (waiting[one] === 0) ready.push(one);
    }
  }
  return { levels: longest(before, ready), before };
}

function longest(
  before: readonly (readonly number[])[],
  order: readonly number[],
): readonly number[] {
  const levels: number[] = before.map(() => -1);
  for (const at of order) {
    let level = 0;
    for (const one of before[at] ?? []) level = Math.max(level, (levels[one] ?? 0) + 1);
    levels[at] = level;
  }
  return levels;
}
