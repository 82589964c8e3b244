/** Units that would share files are joined, or put one after the other, and it is said which. Pure. Who makes a plan may mean it to be
 *  disjoint; whether it is, is judged here by the files themselves. */
import { escapeGlob } from "../core/glob.ts";
import type { Glob, UnitId } from "../core/id.ts";
import { topologicalOrder } from "../core/order.ts";
import { isException, literalPaths, matcherOf, ownershipOf } from "../core/ownership.ts";
import type { Check, PlanFile, Unit } from "../core/plan.ts";
import { someOf } from "../core/text.ts";
import { circles } from "../core/waves.ts";

export interface DisjointPlan {
  readonly plan: PlanFile;
  /** What was done to it, a line each. */
  readonly notes: readonly string[];
}

/** Two units that have this share of the smaller one in common are one. */
const joinShare = 0.5;
const namedMax = 3;
const quotedCharsMax = 2000;

/** `files`: all that is there. The plan must be free of other problems; its `after` makes no circle. */
export function disjointPlan(plan: PlanFile, files: readonly string[]): DisjointPlan {
  const all = [...new Set([...files, ...plan.units.flatMap(({ owns }) => literalPaths(owns))])];
  const notes: string[] = [];
  const joined = joinedUnits(plan.units, all, notes);
  const ordered = orderedUnits(joined, all, notes);
  return { plan: { ...plan, units: ordered }, notes };
}

/** The paths that several units own, by those units' positions. */
function sharedPaths(
  units: readonly Unit[],
  paths: readonly string[],
): readonly { readonly path: string; readonly owners: readonly number[] }[] {
  // By number, as elsewhere, so that no name can be mistaken.
  const numbered = units.map(({ owns }, at) => ({ id: String(at) as UnitId, owns }));
  const { owners } = ownershipOf(numbered);
  return paths.flatMap((path) => {
    const found = owners(path).map(Number);
    return found.length > 1 ? [{ path, owners: found }] : [];
  });
}

function joinedUnits(
  units: readonly Unit[],
  paths: readonly string[],
  notes: string[],
): readonly Unit[] {
  const sizes = sizesOf(units, paths);
  const groups = new Groups(units.length);
  for (const [key, shared] of commonPaths(units, paths)) {
    const [one = 0, other = 0] = key.split(" ").map(Number);
    const smaller = Math.min(sizes[one] ?? 0, sizes[other] ?? 0);
    if (shared.length < smaller * joinShare || groups.first(one) === groups.first(other)) continue;
    groups.join(one, other);
    notes.push(
      `${units[one]?.id} and ${units[other]?.id} are one unit, for they share ${someOf(shared, namedMax)}`,
    );
  }
  return withoutCircles(units, groups, notes);
}

/** By the positions of two units, the smaller one first. */
function commonPaths(
  units: readonly Unit[],
  paths: readonly string[],
): ReadonlyMap<string, readonly string[]> {
  const common = new Map<string, string[]>();
  for (const { path, owners } of sharedPaths(units, paths)) {
    const pairs = owners.flatMap((one, nth) =>
      owners.slice(nth + 1).map((other) => `${one} ${other}`),
    );
    for (const pair of pairs) {
      const list = common.get(pair);
      if (list) list.push(path);
      else common.set(pair, [path]);
    }
  }
  return common;
}

function sizesOf(units: readonly Unit[], paths: readonly string[]): readonly number[] {
  return units.map(({ owns }) => {
    const owned = matcherOf(owns);
    return paths.filter(owned).length;
  });
}

/** What is joined may come after itself, by way of others: those are joined too. */
function withoutCircles(units: readonly Unit[], groups: Groups, notes: string[]): readonly Unit[] {
  for (;;) {
    const made = joinGroups(units, groups);
    const [circle] = circles(made);
    if (circle === undefined) return made;
    const [first = 0, ...others] = circle.map((at) =>
      units.findIndex(({ id }) => id === made[at]?.id),
    );
    const names = circle.map((at) => made[at]?.id).join(", ");
    notes.push(`${names} are one unit, for each would come after another of them`);
    for (const other of others) groups.join(first, other);
  }
}

/** Which units are one: the first of each group stands for it. */
class Groups {
  readonly #first: number[];

  constructor(count: number) {
    this.#first = Array.from({ length: count }, (_, at) => at);
  }

  first(at: number): number {
    return this.#first[at] ?? at;
  }

  join(one: number, other: number): void {
    const [kept, gone] = [this.first(one), this.first(other)].sort((a, b) => a - b);
    this.#first.forEach((first, at) => {
      if (first === gone) this.#first[at] = kept ?? first;
    });
  }
}

function joinGroups(units: readonly Unit[], groups: Groups): readonly Unit[] {
  const nameOf = new Map(units.map(({ id }, at) => [id, units[groups.first(at)]?.id ?? id]));
  return units.flatMap((unit, at): readonly Unit[] => {
    if (groups.first(at) !== at) return [];
    const members = units.filter((_, other) => groups.first(other) === at);
    const after = [
      ...new Set(members.flatMap((one) => one.after.map((id) => nameOf.get(id) ?? id))),
    ];
    const one = members.length === 1 ? unit : joinMembers(unit, members);
    return [{ ...one, after: after.filter((id) => id !== unit.id) }];
  });
}

function joinMembers(first: Unit, members: readonly Unit[]): Unit {
  const parts = members.map(({ title, instructions }) => `## ${title}\n\n${instructions}`);
  const agents = [...new Set(members.flatMap(({ agent }) => agent ?? []))];
  const [agent, ...more] = agents;
  const budgets = members.flatMap(({ budget }) => budget ?? []);
  const sum = (key: "tokens" | "usd") =>
    budgets.length === members.length && budgets.every((one) => one[key] !== undefined)
      ? { [key]: budgets.reduce((total, one) => total + (one[key] ?? 0), 0) }
      : {};
  return {
    ...first,
    title: members.map(({ title }) => title).join("; "),
    instructions: `There are ${members.length} parts to this.\n\n${parts.join("\n\n")}`,
    owns: joinedOwns(members),
    checks: distinctChecks(members.flatMap(({ checks }) => checks)),
    ...(agent === undefined ? {} : { agent: more.length === 0 ? agent : agents }),
    ...(budgets.length === 0 ? {} : { budget: { ...sum("tokens"), ...sum("usd") } }),
  };
}

/** An exception of one is none where another owns what it spares. */
function joinedOwns(members: readonly Unit[]): readonly Glob[] {
  const owned = [
    ...new Set(members.flatMap(({ owns }) => owns.filter((glob) => !isException(glob)))),
  ];
  const spared = members.flatMap(({ owns }, at) => {
    const others = members.filter((_, other) => other !== at);
    // Each by itself: the exception of one says nothing of another.
    const lists = others.map((one) => matcherOf(one.owns));
    return owns.filter((glob) => {
      if (!isException(glob)) return false;
      const [path] = literalPaths([glob.slice(1) as Glob]);
      return path !== undefined && !lists.some((owns) => owns(path));
    });
  });
  return [...owned, ...new Set(spared)];
}

function distinctChecks(checks: readonly Check[]): readonly Check[] {
  return [...new Map(checks.map((check) => [check.name, check])).values()];
}

/** Of units that still share a path the last has it, and comes after the others. */
function orderedUnits(
  units: readonly Unit[],
  paths: readonly string[],
  notes: string[],
): readonly Unit[] {
  const rank = new Map(topologicalOrder(units).map((at, place) => [at, place]));
  const taken = new Map<string, string[]>();
  for (const { path, owners } of sharedPaths(units, paths)) {
    const sorted = [...owners].sort((a, b) => (rank.get(a) ?? 0) - (rank.get(b) ?? 0));
    const last = sorted.at(-1);
    for (const before of sorted.slice(0, -1)) {
      const key = `${before} ${last}`;
      const list = taken.get(key);
      if (list) list.push(path);
      else taken.set(key, [path]);
    }
  }
  let made = units;
  for (const [key, shared] of taken) {
    const [before = 0, last = 0] = key.split(" ").map(Number);
    made = handOver(made, { before, last }, shared);
    notes.push(
      `${units[last]?.id} comes after ${units[before]?.id} and alone changes ${someOf(shared, namedMax)}, which both were to change`,
    );
  }
  return made;
}

function handOver(
  units: readonly Unit[],
  { before, last }: { readonly before: number; readonly last: number },
  paths: readonly string[],
): readonly Unit[] {
  const [earlier, later] = [units[before], units[last]];
  if (earlier === undefined || later === undefined) return units;
  const list = paths.map((path) => `- ${path}`).join("\n");
  const exceptions = paths.map((path) => `!${escapeGlob(path)}` as Glob);
  const task = earlier.instructions.slice(0, quotedCharsMax);
  return units
    .with(before, {
      ...earlier,
      owns: [...earlier.owns, ...exceptions],
      instructions: `${earlier.instructions}\n\nThese files you may not change: the unit ${later.id}, which comes after you, does what your task needs there. Say at the end what that is.\n\n${list}`,
    })
    .with(last, {
      ...later,
      after: [...new Set([...later.after, earlier.id])],
      instructions: `${later.instructions}\n\nIn these files do also what the unit ${earlier.id} before you needs there:\n\n${list}\n\nIts task was:\n\n${task}`,
    });
}
