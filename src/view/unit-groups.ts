/** Which of a run's units are worth a line of their own, and what is said of the rest together. */
import type { RunState, UnitState } from "../core/run.ts";
import { reasonOf } from "./document.ts";
import { sayStatus, unitStatus } from "./unit-status.ts";
import { sayCount, sayList } from "./words.ts";

export interface UnitGroups {
  /** In plan order. */
  readonly shown: readonly UnitState[];
  /** One line for each group that is not shown unit by unit. */
  readonly rest: readonly string[];
}

const restNamedMax = 3;

/** All units where they are at most `unitsShownMax`; else those that work, wait for a person or failed by themselves. */
export function groupUnits(state: RunState, unitsShownMax: number): UnitGroups {
  if (state.units.length <= unitsShownMax) return { shown: state.units, rest: [] };
  const shown: UnitState[] = [];
  const rest = new Map<string, string[]>();
  for (const unit of state.units) {
    if (shown.length < unitsShownMax && isOfInterest(state, unit)) {
      shown.push(unit);
      continue;
    }
    const group = groupName(state, unit);
    const names = rest.get(group);
    if (names) names.push(unit.id);
    else rest.set(group, [unit.id]);
  }
  return {
    shown,
    rest: [...rest].map(
      ([group, names]) =>
        `${sayCount(names.length, "unit")} ${group}: ${sayList(names, restNamedMax)}`,
    ),
  };
}

function isOfInterest(state: RunState, unit: UnitState): boolean {
  const status = unitStatus(state, unit);
  switch (status) {
    case "running":
    case "merging":
    case "awaiting_approval":
    case "timed_out":
      return true;
    case "failed":
      return reasonOf(unit)?.type !== "dependency_failed";
    case "merged":
    case "completed":
    case "queued":
    case "pending":
    case "cancelled":
      return false;
  }
}

function groupName(state: RunState, unit: UnitState): string {
  const status = unitStatus(state, unit);
  const blocked = status === "failed" && reasonOf(unit)?.type === "dependency_failed";
  return blocked ? "failed with what they come after" : sayStatus(status);
}
