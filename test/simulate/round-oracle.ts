/** What must be so of rounds: judged on the journal and on git. */
import type { RunEvent } from "../../src/core/event.ts";
import type { UnitId } from "../../src/core/id.ts";
import { literalPaths } from "../../src/core/ownership.ts";
import { foldRun } from "../../src/core/reduce.ts";
import type { RunState } from "../../src/core/run.ts";
import type { World } from "./world.ts";

type RoundStarted = Extract<RunEvent, { type: "round-started" }>;

function roundsOf(world: World): readonly { readonly event: RoundStarted; readonly at: number }[] {
  return world.journal.flatMap(({ event }, at) =>
    event.type === "round-started" ? [{ event, at }] : [],
  );
}

/** Whether a merge of the unit may hold a change of the path: a unit of the plan has its folder, one of a round what its round says. */
export function mayChange(world: World, unit: UnitId | undefined, path: string): boolean {
  if (unit === undefined || path.startsWith(`${unit}/`)) return true;
  const made = roundsOf(world).flatMap(({ event }) => event.units);
  return made.some(({ id, owns }) => id === unit && literalPaths(owns).some((one) => one === path));
}

export function checkRounds(world: World, last: RunState): void {
  const rounds = roundsOf(world);
  const { limits } = last.settings;
  if (rounds.length > limits.rounds) world.complain(`${rounds.length} rounds were begun`);
  for (const { event, at } of rounds) checkRound(world, event, at);
  checkBegun(world, last);
  checkFollowed(world, rounds.length);
}

/** A round is for what is left over of units that were merged, and for nothing else. */
function checkRound(world: World, { round, units }: RoundStarted, at: number): void {
  const before = foldRun(world.journal.slice(0, at));
  if (before === undefined) return;
  const tree = world.tree(before.integration);
  const merged = new Set(before.units.flatMap((one) => (one.at.phase === "merged" ? one.id : [])));
  const taken = new Set<string>();
  for (const { id, owns } of units) {
    for (const path of literalPaths(owns)) {
      if (tree[path]?.includes("LEFT") !== true)
        world.complain(`${id} gets ${path}, which is done`);
      if (taken.has(path)) world.complain(`${path} is given twice in round ${round}`);
      taken.add(path);
      const owner = lastOwner(world, path, at) ?? (path.split("/")[0] as UnitId);
      if (before.units.some((one) => one.id === owner) && !merged.has(owner)) {
        world.complain(`${id} gets ${path} of ${owner}, which was not merged`);
      }
    }
  }
}

function lastOwner(world: World, path: string, before: number): UnitId | undefined {
  const made = roundsOf(world).filter(({ at }) => at < before);
  const owners = made.flatMap(({ event }) =>
    event.units.filter(({ owns }) => literalPaths(owns).some((one) => one === path)),
  );
  return owners.at(-1)?.id;
}

/** No unit works or is merged before the plan or a round in the journal says that there is one. */
function checkBegun(world: World, { plan }: RunState): void {
  const known = new Set<UnitId>(
    plan.units.flatMap(({ id, round }) => (round === undefined ? [id] : [])),
  );
  for (const { event } of world.journal) {
    if (event.type === "round-started") for (const { id } of event.units) known.add(id);
    if (event.type === "unit-started" && !known.has(event.unit)) {
      world.complain(`${event.unit} works before its round is in the journal`);
    }
  }
}

/** Nothing that could be followed up is left over while a round is left. */
function checkFollowed(world: World, rounds: number): void {
  const end = world.journal.findIndex(({ event }) => event.type === "run-finished");
  const state = foldRun(world.journal.slice(0, end + 1));
  if (state === undefined || state.cancelled !== undefined || state.timedOut || state.overBudget)
    return;
  const asked = state.plan.doneWhen.some((one) => "match" in one);
  if (!asked || rounds >= state.settings.limits.rounds) return;
  const found = state.completion?.results.some(({ left = [] }) => left.length > 0) === true;
  const merged = new Set(state.units.flatMap((one) => (one.at.phase === "merged" ? one.id : [])));
  for (const [path, content] of Object.entries(world.tree(state.integration))) {
    const owner = lastOwner(world, path, end) ?? (path.split("/")[0] as UnitId);
    if (found && content.includes("LEFT") && merged.has(owner)) {
      world.complain(`${path} is left over, and nobody is asked to follow it up`);
    }
  }
}
