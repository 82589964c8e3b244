/** The summary of a run: what its units say they did, made one in the way that was asked for. */
import { combine, type PartResult } from "./aggregate.ts";
import type { Aggregate } from "./plan.ts";
import type { RunState } from "./run.ts";

/** Longer summaries are told in full by their units alone. */
const summaryCharsMax = 20_000;

export function aggregateOf({ plan, settings }: RunState): Aggregate {
  return plan.aggregate ?? settings.aggregate ?? "concatenate";
}

/** What the units that were merged came to. */
export function unitResults({ units }: RunState): readonly PartResult[] {
  return units.flatMap(({ id, at, summary }): readonly PartResult[] =>
    at.phase === "merged" && summary.trim() !== "" ? [{ name: id, summary }] : [],
  );
}

/** Whether a model is still to be asked for it. */
export function wantsSummary(state: RunState): boolean {
  const isOver = state.cancelled !== undefined || state.timedOut || state.overBudget;
  if (isOver || state.summary !== undefined || aggregateOf(state) !== "ai_summarize") return false;
  return unitResults(state).length > 1;
}

export function runSummary(state: RunState): string {
  const asked = aggregateOf(state);
  const strategy = asked === "ai_summarize" ? "concatenate" : asked;
  const text = state.summary ?? combine(strategy, unitResults(state)).summary;
  return text.length <= summaryCharsMax ? text : `${text.slice(0, summaryCharsMax)}…`;
}
