/** decide(state, now): what comes next. Pure: the same state and clock give the same answer, and an action that is already in
 *  flight is simply asked for again. How many units run is decided here and nowhere else. */
import type { Action } from "./action.ts";
import { decideLanding } from "./decide-landing.ts";
import { decideMerge, isVerified, stopChecking } from "./decide-merge.ts";
import type { JournalLine, RunEvent, RunOutcome } from "./event.ts";
import type { UnitId } from "./id.ts";
import { startOrder } from "./order.ts";
import { unitPositions } from "./plan.ts";
import { hasEnded } from "./reopening.ts";
import { nextRound } from "./round.ts";
import type { RunState, UnitPhase, UnitState } from "./run.ts";
import { wantsSummary } from "./run-summary.ts";

export interface Circumstances {
  /** Milliseconds since the epoch, never going back within one runner. */
  readonly now: number;
  /** Somebody is there to answer while the run waits for an approval. */
  readonly answerable: boolean;
}

/** The two functions at the heart, and when to ask the second again. */
export interface Rules {
  readonly reduce: (state: RunState, line: JournalLine) => RunState;
  readonly decide: (state: RunState, circumstances: Circumstances) => readonly Action[];
  readonly nextDeadline: (state: RunState) => number | undefined;
}

export function decide(state: RunState, { now, answerable }: Circumstances): readonly Action[] {
  const lost = recoverLost(state);
  if (lost.length > 0) return lost;
  switch (state.at.phase) {
    case "finished":
      return decideLanding(state);
    case "interrupted":
      return windDown(state, "interrupted");
    case "paused":
      return [...deadlines(state, now), ...ongoing(state)];
    case "working":
      return decideWorking(state, now, answerable);
  }
}

/** Nothing is left to do for this runner. */
export function isSettled(state: RunState): boolean {
  if (state.at.phase !== "finished" && state.at.phase !== "interrupted") return false;
  return decide(state, { now: state.updatedAt, answerable: false }).length === 0;
}

/** When decide will say something new though nothing happens: milliseconds since the epoch. */
export function nextDeadline(state: RunState): number | undefined {
  if (state.at.phase !== "working" && state.at.phase !== "paused") return undefined;
  // Until what was lost is recovered nothing else is decided: a deadline that has passed would be waited for again and again.
  if (recoverLost(state).length > 0) return undefined;
  const { unitTimeoutMs } = state.settings.limits;
  const over = state.timedOut || state.cancelled !== undefined;
  let next = over ? Number.POSITIVE_INFINITY : runDeadline(state);
  for (const { at } of runningUnits(state)) {
    if (hasDeadline(at)) next = Math.min(next, at.since + at.askedMs + unitTimeoutMs);
  }
  return Number.isFinite(next) ? next : undefined;
}

function decideWorking(state: RunState, now: number, answerable: boolean): readonly Action[] {
  const due = deadlines(state, now);
  if (due.length > 0) return due;
  const wind = state.cancelled === undefined && !state.timedOut ? [] : windDown(state, "cancelled");
  const begun = [...wind, ...ongoing(state)];
  const starts = approvalsAndStarts(state);
  const merge = decideMerge(state);
  const actions = [...begun, ...starts, ...merge];
  if (actions.length > 0) return actions;
  if (state.units.every(({ at }) => hasEnded(at))) return finish(state);
  const waiting = state.units.filter(({ at }) => at.phase === "awaiting_approval");
  if (waiting.length > 0 && !answerable) {
    return [record({ type: "run-interrupted", why: "it waits for an approval" })];
  }
  return [];
}

type RunningUnit = UnitState & { readonly at: Extract<UnitPhase, { phase: "running" }> };

/** A handful of perhaps a thousand units. */
function runningUnits({ units }: RunState): readonly RunningUnit[] {
  return units.filter((unit): unit is RunningUnit => unit.at.phase === "running");
}

function runDeadline(state: RunState): number {
  return state.updatedAt - state.activeMs + state.settings.limits.runTimeoutMs;
}

function deadlines(state: RunState, now: number): readonly Action[] {
  const { unitTimeoutMs } = state.settings.limits;
  const late = runningUnits(state).flatMap(({ id, at }) =>
    hasDeadline(at) && now >= at.since + at.askedMs + unitTimeoutMs
      ? [record({ type: "unit-stopping", unit: id, attempt: at.attempt, why: "timed_out" })]
      : [],
  );
  const over = !state.timedOut && state.cancelled === undefined && now >= runDeadline(state);
  return over ? [...late, record({ type: "run-timed-out" })] : late;
}

/** While a person is asked, the attempt's own time stands still. */
function hasDeadline({ stopping, askingSince }: RunningUnit["at"]): boolean {
  return stopping === undefined && askingSince === undefined;
}

/** What has begun and whose answer is still awaited. */
function ongoing(state: RunState): readonly Action[] {
  return runningUnits(state).flatMap((unit): readonly Action[] => {
    const { attempt, base, slot, stopping, continues, others } = unit.at;
    const goesOn = continues === undefined ? {} : { continues };
    const work: Action = { type: "work", unit: unit.id, attempt, base, slot, others, ...goesOn };
    if (stopping !== undefined) {
      return [{ type: "stop-work", unit: unit.id, attempt, why: stopping }];
    }
    if (!unit.cancelAsked) return [work];
    return [work, record({ type: "unit-stopping", unit: unit.id, attempt, why: "cancelled" })];
  });
}

function recoverLost(state: RunState): readonly Action[] {
  return runningUnits(state).flatMap(({ id, at }): readonly Action[] =>
    at.lost
      ? [
          {
            type: "recover-work",
            unit: id,
            attempt: at.attempt,
            base: at.base,
            slot: at.slot,
            others: at.others,
            ...(at.stopping === undefined ? {} : { stopping: at.stopping }),
          },
        ]
      : [],
  );
}

function windDown(state: RunState, why: "interrupted" | "cancelled"): readonly Action[] {
  const stops = runningUnits(state).flatMap(({ id, at }): readonly Action[] => {
    const { attempt, stopping } = at;
    if (stopping === undefined) return [record({ type: "unit-stopping", unit: id, attempt, why })];
    return [{ type: "stop-work", unit: id, attempt, why: stopping }];
  });
  return [...stops, ...stopChecking(state)];
}

function approvalsAndStarts(state: RunState): readonly Action[] {
  if (state.cancelled !== undefined || state.timedOut || state.overBudget) return [];
  const taken = new Set(runningUnits(state).flatMap(({ at }) => slotsOf(at)));
  const { concurrency } = state.settings.limits;
  const actions: Action[] = [];
  for (const position of startOrder(state.plan)) {
    const unit = state.units[position];
    if (unit?.at.phase !== "waiting" || !isReady(state, position)) continue;
    if (needsApproval(state, position)) {
      actions.push(record({ type: "approval-asked", id: approvalId(unit), unit: unit.id }));
    } else if (taken.size === 0 || taken.size + waysOf(state, position) <= concurrency) {
      const slots = takeSlots(state, position, taken);
      actions.push(start(state, unit, slots));
    }
  }
  return actions;
}

function slotsOf({ slot, others }: RunningUnit["at"]): readonly number[] {
  return [slot, ...others.map((other) => other.slot)];
}

/** In how many ways at once it is worked on. */
function waysOf(state: RunState, position: number): number {
  const unit = state.units[position];
  return unit?.cut === undefined ? (state.plan.units[position]?.approaches ?? 1) : 1;
}

/** One for each way; a kept worktree belongs to its unit alone, also when a round has added units. */
function takeSlots(state: RunState, position: number, taken: Set<number>): readonly number[] {
  const before = state.plan.units.slice(0, position);
  const first = before.reduce((sum, { approaches = 1 }) => sum + approaches, 1);
  return Array.from({ length: waysOf(state, position) }, (_, way) => {
    const slot = state.settings.keep ? first + way : firstFree(taken);
    taken.add(slot);
    return slot;
  });
}

function start(
  state: RunState,
  { id, attempts, cut }: UnitState,
  [slot = 1, ...more]: readonly number[],
): Action {
  const base = cut?.base ?? state.integration;
  const continues = cut === undefined ? {} : { continues: cut.attempt };
  const attempt = attempts + 1;
  const others = more.map((other, way) => ({ attempt: attempt + 1 + way, slot: other }));
  const ways = others.length === 0 ? {} : { others };
  return record({ type: "unit-started", unit: id, attempt, base, slot, ...continues, ...ways });
}

function isReady(state: RunState, position: number): boolean {
  return state.plan.units[position]?.after.every((id) => isMerged(state, id)) ?? false;
}

function needsApproval(state: RunState, position: number): boolean {
  const asked = state.plan.units[position]?.approval ?? state.settings.approval;
  return asked === "required" && state.units[position]?.approved === false;
}

function finish(state: RunState): readonly Action[] {
  if (!isVerified(state)) return [];
  const round = nextRound(state);
  if (round !== undefined) return [record(round)];
  if (wantsSummary(state)) return [{ type: "summarise" }];
  return [record({ type: "run-finished", outcome: outcomeOf(state) })];
}

function outcomeOf(state: RunState): RunOutcome {
  // Whoever stops what a unit was spoken to for leaves the run what it was.
  if (state.cancelled !== undefined && !state.revived) return "cancelled";
  if (state.units.some(({ at }) => at.phase === "cancelled" && at.reason.type === "over_budget")) {
    return "over_budget";
  }
  const merged = state.units.filter(({ at }) => at.phase === "merged").length;
  if (merged === state.units.length && holdsWhenDone(state)) return "complete";
  return merged > 0 ? "partial" : "failed";
}

/** A doneWhen that was not run, since the run's time was over, holds as little as one that is red. */
function holdsWhenDone({ plan, completion, integration }: RunState): boolean {
  if (plan.doneWhen.length === 0) return true;
  const results = completion?.commit === integration ? completion.results : [];
  return results.length === plan.doneWhen.length && results.every(({ passed }) => passed);
}

/** The name by which a person answers: short, and the same again after a crash. */
function approvalId(unit: UnitState): string {
  return `${unit.id}-${unit.attempts + 1}`;
}

function firstFree(taken: ReadonlySet<number>): number {
  let slot = 1;
  while (taken.has(slot)) slot++;
  return slot;
}

function isMerged(state: RunState, id: UnitId): boolean {
  const position = unitPositions(state.plan.units).get(id);
  return position !== undefined && state.units[position]?.at.phase === "merged";
}

function record(event: RunEvent): Action {
  return { type: "record", event };
}
