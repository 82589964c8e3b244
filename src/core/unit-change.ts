/** Units of a state: found, changed, and ended together with those that come after them. */
import type { AttemptOutcome } from "./event.ts";
import { invariant } from "./failure.ts";
import type { UnitId } from "./id.ts";
import { dependentsOf } from "./order.ts";
import { unitPositions } from "./plan.ts";
import { closeAgain } from "./reopening.ts";
import type { RunState, UnitPhase, UnitState } from "./run.ts";
import { noSpend } from "./spend.ts";
import { cancelled, phaseOf, reasonOf, timedOut } from "./unit-end.ts";

/** Ends a unit without a merge; the units after it can never start, so they end with it. One that had ended before is what it was
 *  then. */
export function end(state: RunState, id: UnitId, at: UnitPhase): RunState {
  if (unitOf(state, id).reopened !== undefined) {
    return withUnit(state, id, (unit) => closeAgain(unit, at));
  }
  const ended = withUnit(state, id, (unit) => ({ ...unit, at }));
  return failDependents(ended, [positionOf(state, id)]);
}

/** A unit before its first attempt. */
export function newUnit(id: UnitId): UnitState {
  return {
    id,
    at: { phase: "waiting" },
    attempts: 0,
    newest: 0,
    refusals: 0,
    interruptions: 0,
    approved: false,
    cancelAsked: false,
    changed: [],
    summary: "",
    artifacts: [],
    leavings: [],
    spend: noSpend,
    workedMs: 0,
    agents: [],
    claims: [],
    told: [],
  };
}

/** Everything that does not run or merge just now is cancelled at once. */
export function cancelOpenUnits(state: RunState): RunState {
  return endIdle(state, cancelled());
}

export function endOpenUnits(state: RunState): RunState {
  return endIdle(state, timedOut());
}

export function withUnit(
  state: RunState,
  id: UnitId,
  change: (unit: UnitState) => UnitState,
): RunState {
  const position = positionOf(state, id);
  return { ...state, units: state.units.with(position, change(unitOf(state, id))) };
}

/** What else a unit has of work that was accepted. */
export function takenOf({
  artifacts,
  chosen,
}: Extract<AttemptOutcome, { type: "completed" }>): Pick<UnitState, "artifacts" | "chosen"> {
  return { artifacts, ...(chosen === undefined ? {} : { chosen }) };
}

export function unitOf(state: RunState, id: UnitId): UnitState {
  const unit = state.units[positionOf(state, id)];
  invariant(unit !== undefined, `the run has a unit ${id}`);
  return unit;
}

/** Ends every unit that stands at one of these phases. */
export function endIdle(
  state: RunState,
  at: UnitPhase,
  idle: readonly UnitPhase["phase"][] = ["waiting", "awaiting_approval", "completed"],
): RunState {
  return {
    ...state,
    units: state.units.map((unit) => {
      if (!idle.includes(unit.at.phase)) return unit;
      return unit.reopened === undefined ? { ...unit, at } : closeAgain(unit, at);
    }),
  };
}

function positionOf(state: RunState, id: UnitId): number {
  const position = unitPositions(state.plan.units).get(id);
  invariant(position !== undefined, `the plan has a unit ${id}`);
  return position;
}

function failDependents(state: RunState, from: readonly number[]): RunState {
  const next = dependentsOf(state.plan.units);
  const units = [...state.units];
  const open = [...from];
  for (let read = 0; read < open.length; read++) {
    const position = open[read] ?? -1;
    for (const later of next[position] ?? []) {
      const unit = units[later];
      if (unit?.at.phase !== "waiting" && unit?.at.phase !== "awaiting_approval") continue;
      const message = `${state.plan.units[position]?.id ?? ""}, which it comes after, did not land`;
      units[later] = { ...unit, at: phaseOf(reasonOf("dependency_failed", message)) };
      open.push(later);
    }
  }
  return { ...state, units };
}
