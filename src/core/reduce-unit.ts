/** What attempts make of their units: accepted, refused and tried again, ended, and what then becomes of the units after them. */
import type { AttemptOutcome, Leavings, RunEvent } from "./event.ts";
import { invariant, unreachable } from "./failure.ts";
import type { UnitId } from "./id.ts";
import { dependentsOf } from "./order.ts";
import { unitPositions } from "./plan.ts";
import type { RunState, UnitPhase, UnitState } from "./run.ts";
import { cancelled, phaseOf, reasonOf, timedOut, tookTooLong } from "./unit-end.ts";
import type { Reason, Spend } from "./worker.ts";

/** A unit whose attempts are cut off this often by killed runners is given up: it may be what kills them. */
export const interruptionsMax = 20;

type UnitEvent = Extract<
  RunEvent,
  {
    type:
      | "approval-asked"
      | "approval-answered"
      | "unit-started"
      | "unit-stopping"
      | "unit-finished"
      | "unit-interrupted"
      | "unit-cancelled";
  }
>;

export function reduceUnit(state: RunState, event: UnitEvent, at: number): RunState {
  switch (event.type) {
    case "approval-asked":
      return withUnit(state, event.unit, (unit) => {
        invariant(unit.at.phase === "waiting", `${unit.id} waits before it asks for approval`);
        return { ...unit, at: { phase: "awaiting_approval", request: event.id } };
      });
    case "approval-answered":
      return answer(state, event);
    case "unit-started":
      return start(state, event, at);
    case "unit-stopping":
      return withUnit(state, event.unit, (unit) => {
        const running = runningAttempt(unit, event.attempt);
        return { ...unit, at: { ...running, stopping: event.why } };
      });
    case "unit-finished":
      return finish(state, event, at);
    case "unit-interrupted":
      return interrupt(state, event, at);
    case "unit-cancelled":
      return cancelUnit(state, event.unit);
    default:
      return unreachable(event);
  }
}

/** The unit's plan entry says which worker; a codemod gives the same again for the same input. */
function isWorthAnotherTry(state: RunState, unit: UnitState, reason: Reason): boolean {
  if (unit.refusals >= state.settings.limits.attempts) return false;
  if (reason.type === "conflict") return true;
  const named = state.plan.units[positionOf(state, unit.id)]?.worker ?? state.settings.worker;
  const deterministic = state.settings.workers[named]?.type === "codemod";
  return !deterministic || reason.type === "check_failed";
}

/** The last try was refused: again with the reason, or the end. */
export function refuse(state: RunState, id: UnitId, reason: Reason): RunState {
  const refused = withUnit(state, id, (unit) => ({
    ...unit,
    refusals: unit.refusals + 1,
    previous: reason,
    at: { phase: "waiting" },
  }));
  const unit = unitOf(refused, id);
  if (unit.cancelAsked || state.cancelled !== undefined) return end(refused, id, cancelled());
  if (state.timedOut) return end(refused, id, timedOut());
  return isWorthAnotherTry(refused, unit, reason) ? refused : end(refused, id, phaseOf(reason));
}

/** Ends a unit without a merge; the units after it can never start, so they end with it. */
export function end(state: RunState, id: UnitId, at: UnitPhase): RunState {
  const ended = withUnit(state, id, (unit) => ({ ...unit, at }));
  return failDependents(ended, [positionOf(state, id)]);
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

export function unitOf(state: RunState, id: UnitId): UnitState {
  const unit = state.units[positionOf(state, id)];
  invariant(unit !== undefined, `the run has a unit ${id}`);
  return unit;
}

function positionOf(state: RunState, id: UnitId): number {
  const position = unitPositions(state.plan.units).get(id);
  invariant(position !== undefined, `the plan has a unit ${id}`);
  return position;
}

function answer(
  state: RunState,
  event: Extract<UnitEvent, { type: "approval-answered" }>,
): RunState {
  const unit = state.units.find(
    ({ at }) => at.phase === "awaiting_approval" && at.request === event.id,
  );
  invariant(unit !== undefined, `somebody waits for the approval ${event.id}`);
  if (event.answer === "denied") {
    return end(state, unit.id, phaseOf(reasonOf("denied", "the approval was denied")));
  }
  return withUnit(state, unit.id, (asked) => ({
    ...asked,
    approved: true,
    at: { phase: "waiting" },
  }));
}

function start(
  state: RunState,
  event: Extract<UnitEvent, { type: "unit-started" }>,
  at: number,
): RunState {
  return withUnit(state, event.unit, (unit) => {
    invariant(unit.at.phase === "waiting", `${unit.id} waits before it starts`);
    invariant(
      event.attempt === unit.attempts + 1,
      `attempt ${event.attempt} of ${unit.id} is next`,
    );
    return {
      ...unit,
      attempts: event.attempt,
      at: {
        phase: "running",
        attempt: event.attempt,
        base: event.base,
        slot: event.slot,
        since: at,
        lost: false,
      },
    };
  });
}

function finish(
  state: RunState,
  event: Extract<UnitEvent, { type: "unit-finished" }>,
  at: number,
): RunState {
  const { outcome } = event;
  const running = runningAttempt(unitOf(state, event.unit), event.attempt);
  const told = withUnit(state, event.unit, (unit) => ({
    ...leave(unit, event.attempt, event.leavings, at - running.since),
    ...(outcome.type === "stopped" ? {} : { changed: outcome.changed, summary: outcome.summary }),
    ...(outcome.type === "completed" ? { artifacts: outcome.artifacts } : {}),
    ...(event.spend === undefined ? {} : { spend: sum(unit.spend, event.spend) }),
  }));
  if (running.stopping === "cancelled") {
    const log = outcome.type === "stopped" ? outcome.log : undefined;
    return end(told, event.unit, state.timedOut ? timedOut(log) : cancelled());
  }
  return settle(told, event.unit, outcome, running);
}

function settle(
  state: RunState,
  id: UnitId,
  outcome: AttemptOutcome,
  running: Extract<UnitPhase, { phase: "running" }>,
): RunState {
  switch (outcome.type) {
    case "completed":
      if (state.cancelled !== undefined) return end(state, id, cancelled());
      if (state.timedOut) return end(state, id, timedOut());
      return withUnit(state, id, (unit) => ({
        ...unit,
        at:
          outcome.head === running.base
            ? { phase: "merged" }
            : { phase: "completed", head: outcome.head },
      }));
    case "refused":
      return refuse(state, id, outcome.reason);
    case "stopped":
      return running.stopping === "timed_out"
        ? refuse(state, id, tookTooLong(outcome.log))
        : goBack(state, id);
  }
}

function interrupt(
  state: RunState,
  event: Extract<UnitEvent, { type: "unit-interrupted" }>,
  at: number,
): RunState {
  const running = runningAttempt(unitOf(state, event.unit), event.attempt);
  const told = withUnit(state, event.unit, (unit) =>
    leave(unit, event.attempt, event.leavings, running.lost ? 0 : at - running.since),
  );
  return goBack(told, event.unit);
}

/** Cut off through no fault of its own: the try does not count, within reason. */
function goBack(state: RunState, id: UnitId): RunState {
  const back = withUnit(state, id, (unit) => ({
    ...unit,
    interruptions: unit.interruptions + 1,
    at: { phase: "waiting" },
  }));
  const unit = unitOf(back, id);
  if (unit.cancelAsked || state.cancelled !== undefined) return end(back, id, cancelled());
  if (state.timedOut) return end(back, id, timedOut());
  if (unit.interruptions < interruptionsMax) return back;
  const message = `cut off ${interruptionsMax} times before it could end`;
  return end(back, id, phaseOf(reasonOf("worker_failed", message)));
}

function cancelUnit(state: RunState, id: UnitId): RunState {
  const { phase } = unitOf(state, id).at;
  switch (phase) {
    case "waiting":
    case "awaiting_approval":
    case "completed":
      return end(state, id, cancelled());
    case "running":
    case "merging":
      return withUnit(state, id, (unit) => ({ ...unit, cancelAsked: true }));
    default:
      return state;
  }
}

function endIdle(state: RunState, at: UnitPhase): RunState {
  const idle = ["waiting", "awaiting_approval", "completed"];
  return {
    ...state,
    units: state.units.map((unit) => (idle.includes(unit.at.phase) ? { ...unit, at } : unit)),
  };
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

function leave(unit: UnitState, attempt: number, leavings: Leavings, ms: number): UnitState {
  const entry = {
    attempt,
    left: leavings.left ?? [],
    ...(leavings.snapshot === undefined ? {} : { snapshot: leavings.snapshot }),
  };
  const empty = entry.left.length === 0 && leavings.snapshot === undefined;
  return {
    ...unit,
    leavings: empty ? unit.leavings : [...unit.leavings, entry],
    workedMs: unit.workedMs + Math.max(0, ms),
  };
}

function runningAttempt(unit: UnitState, attempt: number) {
  invariant(
    unit.at.phase === "running" && unit.at.attempt === attempt,
    `attempt ${attempt} of ${unit.id} is running`,
  );
  return unit.at;
}

function sum(a: Spend, b: Spend): Spend {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    cachedTokens: a.cachedTokens + b.cachedTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    usd: a.usd + b.usd,
  };
}
