/** What attempts make of their units: accepted, refused and tried again, ended, and what then becomes of the units after them. */
import { durationText } from "./duration.ts";
import type { AttemptOutcome, Cut, Leavings, LeftBehind, RunEvent } from "./event.ts";
import { invariant, unreachable } from "./failure.ts";
import type { UnitId } from "./id.ts";
import { unitPositions } from "./plan.ts";
import { endAgents, withUntold } from "./reduce-agent.ts";
import { closeAgain, mergedUnit, withConversation } from "./reopening.ts";
import type { RunState, UnitPhase, UnitState } from "./run.ts";
import { noSpend, type Spend, sumOf } from "./spend.ts";
import { end, endIdle, takenOf, unitOf, withUnit } from "./unit-change.ts";
import { cancelled, overBudget, phaseOf, reasonOf, timedOut } from "./unit-end.ts";
import type { Reason } from "./worker.ts";

/** A unit whose attempts are cut off this often by killed runners is given up: it may be what kills them. */
export const interruptionsMax = 20;

type Running = Extract<UnitPhase, { phase: "running" }>;

type UnitEvent = Extract<
  RunEvent,
  {
    type:
      | "unit-started"
      | "unit-stopping"
      | "unit-finished"
      | "unit-interrupted"
      | "unit-cancelled";
  }
>;

export function reduceUnit(state: RunState, event: UnitEvent, at: number): RunState {
  switch (event.type) {
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
  if (reason.type === "denied" || reason.final === true) return false;
  if (reason.type === "conflict") return true;
  return workerType(state, unit.id) !== "codemod" || reason.type === "check_failed";
}

function workerType(state: RunState, id: UnitId) {
  const position = unitPositions(state.plan.units).get(id) ?? -1;
  const named = state.plan.units[position]?.worker ?? state.settings.worker;
  return state.settings.workers[named]?.type;
}

/** The unit ends with what it has; where it was the run's budget, nothing else begins any more. */
function stopByBudget(state: RunState, id: UnitId, reason: Reason): RunState {
  const stopped = end(state, id, phaseOf(reason));
  if (reason.level !== "run") return stopped;
  return endIdle({ ...stopped, overBudget: true }, overBudget(), ["waiting", "awaiting_approval"]);
}

/** The last try was refused: again with the reason, or the end. What a person says to a unit that had ended is tried once. */
export function refuse(state: RunState, id: UnitId, reason: Reason): RunState {
  if (unitOf(state, id).reopened !== undefined) {
    if (reason.type === "over_budget") return stopByBudget(state, id, reason);
    return end(state, id, phaseOf(reason));
  }
  const refused = withUnit(state, id, (unit) => ({
    ...unit,
    refusals: unit.refusals + 1,
    previous: reason,
    at: { phase: "waiting" },
  }));
  const unit = unitOf(refused, id);
  if (unit.cancelAsked || state.cancelled !== undefined) return end(refused, id, cancelled());
  if (state.timedOut) return end(refused, id, timedOut());
  if (reason.type === "over_budget") return stopByBudget(refused, id, reason);
  if (state.overBudget) return end(refused, id, overBudget());
  return isWorthAnotherTry(refused, unit, reason) ? refused : end(refused, id, phaseOf(reason));
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
    const { cut, answer: _, ...rest } = unit;
    invariant(cut?.attempt === event.continues, `${unit.id} goes on where it was cut off`);
    // Those who go on are the same agents as before, though attempts between may have had them without ever having begun.
    const agents = unit.agents.map((agent) =>
      cut !== undefined && agent.attempt >= cut.attempt
        ? { ...agent, attempt: event.attempt }
        : agent,
    );
    return {
      ...rest,
      agents,
      told: cut === undefined ? [] : unit.told,
      attempts: event.attempt + (event.others?.length ?? 0),
      newest: event.attempt,
      at: {
        phase: "running",
        attempt: event.attempt,
        base: event.base,
        slot: event.slot,
        since: at,
        askedMs: 0,
        lost: false,
        others: event.others ?? [],
        ...(cut === undefined ? {} : { continues: cut }),
      },
    };
  });
}

function finish(
  state: RunState,
  event: Extract<UnitEvent, { type: "unit-finished" }>,
  at: number,
): RunState {
  const running = runningAttempt(unitOf(state, event.unit), event.attempt);
  const { outcome, leavings, spend = noSpend } = event;
  let told = withUnit(state, event.unit, (unit) => ({
    ...leave(unit, { ...event, at, spend, ms: at - running.since - running.askedMs }),
    ...("summary" in outcome ? { summary: outcome.summary } : {}),
    ...("changed" in outcome && outcome.changed !== undefined ? { changed: outcome.changed } : {}),
    ...(outcome.type === "completed" ? takenOf(outcome) : {}),
  }));
  const cut = cutOf(running, leavings);
  told = withUnit(told, event.unit, (unit) => withConversation(unit, cut));
  if (running.stopping === "cancelled") {
    const log = outcome.type === "stopped" ? outcome.log : undefined;
    return end(told, event.unit, state.timedOut ? timedOut(log) : cancelled());
  }
  return settle(told, event.unit, outcome, { running, cut });
}

function settle(
  state: RunState,
  id: UnitId,
  outcome: AttemptOutcome,
  { running, cut }: { readonly running: Running; readonly cut: Cut | undefined },
): RunState {
  switch (outcome.type) {
    case "completed":
      if (state.cancelled !== undefined) return end(state, id, cancelled());
      if (state.timedOut) return end(state, id, timedOut());
      return withUnit(state, id, (unit) =>
        outcome.head === running.base
          ? mergedUnit(unit)
          : { ...unit, at: { phase: "completed", head: outcome.head } },
      );
    case "answered":
      invariant(unitOf(state, id).reopened !== undefined, `${id} was spoken to again`);
      return withUnit(state, id, (unit) => closeAgain(unit));
    case "refused":
      return refuse(state, id, outcome.reason);
    case "stopped":
      return running.stopping === "timed_out"
        ? refuse(state, id, reasonOf("timed_out", attemptTooLong(state), outcome.log))
        : goBack(state, id, cut);
    case "parked":
      return park(state, id, cut);
    default:
      return unreachable(outcome);
  }
}

function attemptTooLong({ settings }: RunState): string {
  const limit = durationText(settings.limits.unitTimeoutMs);
  return `the attempt took longer than ${limit} (limits.unitTimeout, --timeout)`;
}

function interrupt(
  state: RunState,
  event: Extract<UnitEvent, { type: "unit-interrupted" }>,
  at: number,
): RunState {
  const running = runningAttempt(unitOf(state, event.unit), event.attempt);
  const ms = running.lost ? 0 : at - running.since - running.askedMs;
  const { spend = noSpend, spent = [] } = event;
  const cut = cutOf(running, event.leavings);
  const told = withUnit(state, event.unit, (unit) => {
    const left = leave(unit, { ...event, at, spend, ms });
    return withConversation({ ...left, agents: spent.reduce(withUntold, left.agents) }, cut);
  });
  // It had had its time: that its runner was killed while it was being stopped gives it no more of it.
  if (event.stopping === "timed_out") {
    return refuse(told, event.unit, reasonOf("timed_out", attemptTooLong(state)));
  }
  return goBack(told, event.unit, cut);
}

/** One that was worked on several ways begins anew. Where it had not even begun, or its worktree is gone, what was cut off before
 *  is still there: what its agents had said goes only with what they had done. */
function cutOf(running: Running, { snapshot, begun }: Leavings): Cut | undefined {
  const { attempt, base, continues, others } = running;
  if (others.length > 0) return undefined;
  if (begun !== true) return continues;
  return { attempt, base, ...(snapshot === undefined ? {} : { snapshot }) };
}

/** It goes on once somebody has answered. */
function park(state: RunState, id: UnitId, cut: Cut | undefined): RunState {
  if (state.cancelled !== undefined || unitOf(state, id).cancelAsked) {
    return end(state, id, cancelled());
  }
  if (state.timedOut) return end(state, id, timedOut());
  if (state.overBudget) return end(state, id, overBudget());
  const open = state.approvals.find(({ unit, answer }) => unit === id && answer === undefined);
  const at: UnitPhase =
    open === undefined ? { phase: "waiting" } : { phase: "awaiting_approval", request: open.id };
  const goesOn = cut === undefined ? {} : { cut };
  return withUnit(state, id, (unit) => ({ ...unit, at, ...goesOn }));
}

/** Cut off through no fault of its own: the try does not count, within reason. */
function goBack(state: RunState, id: UnitId, cut: Cut | undefined): RunState {
  // Only our own agents can go on in the middle; any other worker begins anew.
  const goesOn = workerType(state, id) === "model";
  const back = withUnit(state, id, (unit) => ({
    ...unit,
    interruptions: unit.interruptions + 1,
    at: { phase: "waiting" },
    ...(goesOn && cut !== undefined ? { cut } : {}),
  }));
  const unit = unitOf(back, id);
  if (unit.cancelAsked || state.cancelled !== undefined) return end(back, id, cancelled());
  if (state.timedOut) return end(back, id, timedOut());
  if (state.overBudget) return end(back, id, overBudget());
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

interface Left {
  readonly attempt: number;
  readonly leavings: Leavings;
  readonly spend: Spend;
  readonly at: number;
  readonly ms: number;
  readonly others?: readonly LeftBehind[];
}

function leave(unit: UnitState, { attempt, leavings, others = [], ...left }: Left): UnitState {
  // The chosen one last: it is what the unit left.
  const all = [...others, { attempt, leavings }];
  const kept = all.flatMap((one) => {
    const { left: named = [], snapshot } = one.leavings;
    if (named.length === 0 && snapshot === undefined) return [];
    return [{ attempt: one.attempt, left: named, ...(snapshot === undefined ? {} : { snapshot }) }];
  });
  return {
    ...unit,
    leavings: [...unit.leavings, ...kept],
    workedMs: unit.workedMs + Math.max(0, left.ms),
    spend: sumOf(unit.spend, left.spend),
    agents: all.reduce((agents, one) => endAgents(agents, one.attempt, left.at), unit.agents),
  };
}

export function runningAttempt(unit: UnitState, attempt: number): Running {
  invariant(
    unit.at.phase === "running" && unit.at.attempt === attempt,
    `attempt ${attempt} of ${unit.id} is running`,
  );
  return unit.at;
}
