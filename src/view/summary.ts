/** What a run came to, in the words of those who worked: the summaries of its units, made one. */
import type { RunState } from "../core/run.ts";

/** Longer summaries are told in full by their units alone. */
const summaryCharsMax = 20_000;

export function runSummary(state: RunState): string {
  const told = state.units.filter(({ at, summary }) => at.phase === "merged" && summary !== "");
  const text = told.map(({ id, summary }) => `${id}: ${summary.trim()}`).join("\n\n");
  return text.length <= summaryCharsMax ? text : `${text.slice(0, summaryCharsMax)}…`;
}
