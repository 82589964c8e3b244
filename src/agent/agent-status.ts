/** How the end of an agent is called in the journal. */
import type { AgentFinal } from "./transcript-line.ts";

export function statusOf(final: AgentFinal): "completed" | "failed" | "cancelled" | "timed_out" {
  if (final.type !== "failed") return final.type;
  if (final.why === "timed_out") return "timed_out";
  return final.why === "over_budget" ? "cancelled" : "failed";
}
