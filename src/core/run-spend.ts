/** What a run has spent: its plan, its units, its summary. */
import type { RunState } from "./run.ts";
import { type Spend, sumOf } from "./spend.ts";

export function runSpend({
  planningSpend,
  summarySpend,
  units,
}: Pick<RunState, "planningSpend" | "summarySpend" | "units">): Spend {
  const apart = sumOf(planningSpend, summarySpend);
  return units.reduce((sum, { spend }) => sumOf(sum, spend), apart);
}
