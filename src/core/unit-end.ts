/** How a unit ends without a merge, in the contract's words. */
import type { UnitPhase } from "./run.ts";
import type { Reason } from "./worker.ts";

export function phaseOf(reason: Reason): UnitPhase {
  switch (reason.type) {
    case "timed_out":
      return { phase: "timed_out", reason };
    case "over_budget":
      return { phase: "cancelled", reason };
    default:
      return { phase: "failed", reason };
  }
}

export function cancelled(): UnitPhase {
  return { phase: "cancelled", reason: reasonOf("cancelled", "it was cancelled") };
}

export function timedOut(log?: string): UnitPhase {
  const message = "the run reached its time limit (limits.runTimeout)";
  return { phase: "timed_out", reason: reasonOf("timed_out", message, log) };
}

export function overBudget(): UnitPhase {
  const message = "the run's budget is spent (budget.run)";
  return phaseOf({ ...reasonOf("over_budget", message), level: "run" });
}

export function reasonOf(type: Reason["type"], message: string, log?: string): Reason {
  return { type, message, paths: [], ...(log === undefined ? {} : { log }) };
}
