/** How long a plan takes if each unit takes so long: the same rule by which units are started, on a clock of its own. It is for
 *  estimates; a run never looks at it. */
import { Heap } from "./heap.ts";
import { dependentsOf, type Startable, startOrder } from "./order.ts";

interface Moment {
  readonly at: number;
  readonly position: number;
  readonly what: "worked" | "merged";
}

export interface Lanes {
  readonly slots: number;
  readonly mergeSeconds: number;
}

/** Seconds until the last unit is merged. Merges wait for each other; whoever comes after a unit waits for its merge. */
export function makespan(plan: Startable, seconds: readonly number[], lanes: Lanes): number {
  const next = dependentsOf(plan.units);
  const waits = plan.units.map(({ after }) => new Set(after).size);
  const ready = readyFirst(plan, waits);
  const moments = new Heap<Moment>(isEarlier);
  let free = Math.max(1, lanes.slots);
  let mergedUntil = 0;
  let now = 0;
  const begin = () => {
    for (let at = free > 0 ? ready.pop() : undefined; at !== undefined; ) {
      free -= 1;
      moments.push({ at: now + (seconds[at] ?? 0), position: at, what: "worked" });
      at = free > 0 ? ready.pop() : undefined;
    }
  };
  const release = (position: number) => {
    for (const later of next[position] ?? []) {
      waits[later] = (waits[later] ?? 0) - 1;
      if (waits[later] === 0) ready.push(later);
    }
  };
  begin();
  for (let moment = moments.pop(); moment; moment = moments.pop()) {
    const { at, position, what } = moment;
    now = at;
    if (what === "merged") release(position);
    else {
      free += 1;
      mergedUntil = Math.max(mergedUntil, now) + lanes.mergeSeconds;
      moments.push({ at: mergedUntil, position, what: "merged" });
    }
    begin();
  }
  return now;
}

/** The units that wait for nobody, in the order in which they would be started. */
function readyFirst(plan: Startable, waits: readonly number[]): Heap<number> {
  const ranks = new Array<number>(plan.units.length).fill(0);
  startOrder(plan).forEach((position, rank) => {
    ranks[position] = rank;
  });
  const ready = new Heap<number>((a, b) => (ranks[a] ?? 0) < (ranks[b] ?? 0));
  waits.forEach((count, position) => {
    if (count === 0) ready.push(position);
  });
  return ready;
}

function isEarlier(a: Moment, b: Moment): boolean {
  return a.at === b.at ? a.position < b.position : a.at < b.at;
}
