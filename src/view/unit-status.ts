/** The contract's word for where a unit stands. */
import { unreachable } from "../core/failure.ts";
import type { UnitId } from "../core/id.ts";
import { type Unit, unitPositions } from "../core/plan.ts";
import type { RunState, UnitState } from "../core/run.ts";

export const unitStatuses = [
  "merged",
  "merging",
  "completed",
  "running",
  "awaiting_approval",
  "queued",
  "pending",
  "failed",
  "timed_out",
  "cancelled",
] as const;

export type UnitStatus = (typeof unitStatuses)[number];

export function unitStatus(state: RunState, unit: UnitState): UnitStatus {
  const at = unit.at;
  switch (at.phase) {
    case "waiting":
      return waitsFor(state, unit).length > 0 ? "pending" : "queued";
    case "running":
      return at.askingSince === undefined ? "running" : "awaiting_approval";
    case "awaiting_approval":
    case "completed":
    case "merging":
    case "merged":
    case "failed":
    case "cancelled":
    case "timed_out":
      return at.phase;
    default:
      return unreachable(at);
  }
}

/** The units it comes after that are not merged yet. */
export function waitsFor(state: RunState, unit: UnitState): readonly UnitId[] {
  const planned = plannedUnit(state, unit);
  if (!planned || planned.after.length === 0) return [];
  const positions = unitPositions(state.plan.units);
  return planned.after.filter((id) => {
    const position = positions.get(id);
    return position === undefined || state.units[position]?.at.phase !== "merged";
  });
}

export function plannedUnit(state: RunState, unit: UnitState): Unit | undefined {
  const position = unitPositions(state.plan.units).get(unit.id);
  return position === undefined ? undefined : state.plan.units[position];
}

export type StatusCounts = Readonly<Record<UnitStatus, number>>;

export function countStatuses(state: RunState): StatusCounts {
  const counts: Record<UnitStatus, number> = {
    merged: 0,
    merging: 0,
    completed: 0,
    running: 0,
    awaiting_approval: 0,
    queued: 0,
    pending: 0,
    failed: 0,
    timed_out: 0,
    cancelled: 0,
  };
  for (const unit of state.units) counts[unitStatus(state, unit)] += 1;
  return counts;
}

/** Whether a process is at work on the run now. */
export interface Life {
  readonly alive: boolean;
}

/** `3 merged · 1 running`, in the order of `unitStatuses`. */
export function sayCounts(counts: StatusCounts, life: Life = { alive: true }): string {
  const said = new Map<string, number>();
  for (const status of unitStatuses) {
    const word = sayStatus(status, life);
    if (counts[status] > 0) said.set(word, (said.get(word) ?? 0) + counts[status]);
  }
  return [...said].map(([word, count]) => `${count} ${word}`).join(" · ");
}

/** What nobody works on any more does not run: its runner is gone. */
export function sayStatus(status: UnitStatus, { alive }: Life = { alive: true }): string {
  if (!alive && (status === "running" || status === "merging")) return "cut off";
  return status.replace("_", " ");
}
