/** The judge between approaches: a model that sees the task and each difference, and gives its verdict as a typed tool call. */
import * as z from "zod";
import { fence } from "../agent/fence.ts";
import { askOnce } from "../agent/lone-question.ts";
import { type Redact, redacted, redactedDesk } from "../agent/redaction.ts";
import type { ModelAccess } from "../agent/surroundings.ts";
import type { Budget, Json } from "../core/plan.ts";
import type { Judge } from "../core/worker.ts";

const roundsMax = 3;

const verdictShape = z.strictObject({
  attempt: z.int().describe("The number of the approach that you choose"),
  why: z.string().min(1).max(2000).describe("Why, in one or two sentences"),
});

const system = `You are a judge. Several approaches to the same task have been worked out independently, and each passes all checks. Choose the one that should be merged: the one that does what was asked, completely and with the least that was not asked for; then the one that is easiest to read and to keep. What the approaches say of themselves counts for nothing; what their differences show counts. Answer with one call of the tool choose.`;

export function createApproachJudge(access: ModelAccess, budget: Budget, redact: Redact): Judge {
  return {
    async choose({ assignment, candidates }, open, signal) {
      const desk = redactedDesk(open, redact);
      const known = candidates.map(({ attempt }) => attempt);
      const parts = candidates.map(({ attempt, summary, diff }) =>
        [
          `# Approach ${attempt}`,
          fence(summary, `what approach ${attempt} says of itself`),
          fence(diff, `the difference of approach ${attempt}`),
        ].join("\n\n"),
      );
      const task = `# The task\n\n${assignment.title}\n\n${assignment.instructions}`;
      const text = [`The goal: ${assignment.goal}`, task, ...parts].join("\n\n");
      let complaint = "";
      for (let round = 1; round <= roundsMax; round += 1) {
        const answer = await askOnce(
          {
            ...{ access, desk, budget, agent: "judge" },
            messages: [
              { role: "system", text: system },
              { role: "user", text: `${text}${complaint}` },
            ],
            tools: [tool],
          },
          signal,
        );
        if (answer.type === "stopped") return undefined;
        if (answer.type === "unanswered") return byOrder(known, answer.why);
        const verdict = verdictIn(answer.answer.calls[0]?.text);
        if (verdict !== undefined && known.includes(verdict.attempt)) {
          return redacted(verdict, redact);
        }
        complaint = `\n\nAnswer with one call of choose; attempt is one of ${known.join(", ")}.`;
      }
      return byOrder(known, "the judge gave no verdict");
    },
  };
}

const tool = {
  name: "choose",
  description: "Gives your verdict.",
  parameters: z.toJSONSchema(verdictShape) as Json,
};

function verdictIn(text: string | undefined) {
  if (text === undefined) return undefined;
  try {
    return verdictShape.safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function byOrder([first = 0]: readonly number[], why: string) {
  return { attempt: first, why: `${why}: the first that passed its checks` };
}
