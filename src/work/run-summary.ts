/** What the units of a run came to, summed up by one question to a model. */
import { askOnce } from "../agent/lone-question.ts";
import type { ModelAccess } from "../agent/surroundings.ts";
import { combine, type PartResult, summaryQuestion } from "../core/aggregate.ts";
import type { Account } from "../core/budget.ts";
import type { UnitId } from "../core/id.ts";
import type { Budget } from "../core/plan.ts";
import { noSpend, type Spend, sumOf } from "../core/spend.ts";

export interface SummaryParts {
  readonly access: ModelAccess;
  readonly budget: Budget;
  readonly results: readonly PartResult[];
  /** That of the run. */
  readonly account: Account;
}

/** Whatever becomes of the question, what it cost is told; without an answer the words of the units stand for themselves. */
export async function summariseRun(
  { access, budget, results, account }: SummaryParts,
  signal: AbortSignal,
): Promise<{ readonly text: string; readonly spend: Spend }> {
  let spend = noSpend;
  const desk = {
    account,
    unit: "run" as UnitId,
    tell: (fact: Parameters<Parameters<typeof askOnce>[0]["desk"]["tell"]>[0]) => {
      if (fact.type === "agent-spent") spend = sumOf(spend, fact.spend);
      return Promise.resolve();
    },
  };
  const messages = [{ role: "user", text: summaryQuestion(results) }] as const;
  const asked = { access, desk, agent: "summary", budget, messages, tools: [] };
  const answer = await askOnce(asked, signal);
  const words = answer.type === "answered" ? answer.answer.text.trim() : "";
  return { text: words === "" ? combine("concatenate", results).summary : words, spend };
}
