/** What an agent is told of the end of its subagent: who it was, how it ended, what it spent, and its summary or its data. */
import type { AgentId } from "../core/desk.ts";
import type { Json } from "../core/plan.ts";
import type { Spend } from "../core/spend.ts";
import { fence } from "./fence.ts";
import type { AgentFinal } from "./transcript-line.ts";

const summaryCharactersMax = 30_000;

export interface ChildReport {
  readonly agentId: AgentId;
  readonly status: "completed" | "failed" | "cancelled";
  /** Why, where it has not completed. */
  readonly reason?: string;
  readonly spend: Spend;
  readonly summary?: string;
  readonly data?: Json;
}

export function childReport(agentId: AgentId, final: AgentFinal, spend: Spend): ChildReport {
  const summary = final.summary.slice(0, summaryCharactersMax);
  switch (final.type) {
    case "completed":
      return {
        ...{ agentId, status: "completed", spend },
        ...(final.data === undefined ? { summary } : { data: final.data }),
      };
    case "failed": {
      const status = final.why === "over_budget" ? "cancelled" : "failed";
      return { agentId, status, reason: final.message, spend, summary };
    }
    case "cancelled":
      return { agentId, status: "cancelled", reason: final.message, spend, summary };
  }
}

export function reportText(report: ChildReport): string {
  return JSON.stringify(report);
}

/** The notification of one that worked in the background. */
export function noticeText(report: ChildReport): string {
  const text = fence(reportText(report), `report of ${report.agentId}`);
  return `Your subagent ${report.agentId} has ended (${report.status}).\n\n${text}`;
}
