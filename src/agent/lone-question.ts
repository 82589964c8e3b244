/** One question to a model outside of any conversation: asked, paid and told of like an agent's turn, but with no tools that do
 *  anything. Used where somebody must choose or sum up. */
import { overText } from "../core/budget.ts";
import type { Desk } from "../core/desk.ts";
import { unreachable } from "../core/failure.ts";
import type { ModelAnswer, ModelMessage, ToolSpec } from "../core/model.ts";
import type { Budget } from "../core/plan.ts";
import { tokensOf } from "../core/spend.ts";
import { askPatiently } from "../host/model-retry.ts";
import { shortened } from "./shortened.ts";
import { spendingHooks } from "./spending.ts";
import type { ModelAccess } from "./surroundings.ts";

export interface LoneQuestion {
  readonly access: ModelAccess;
  readonly desk: Pick<Desk, "account" | "tell" | "unit">;
  /** Its name among the agents of the unit, and its role. */
  readonly agent: string;
  readonly budget: Budget;
  readonly messages: readonly ModelMessage[];
  readonly tools: readonly ToolSpec[];
}

export type LoneAnswer =
  | { readonly type: "answered"; readonly answer: ModelAnswer }
  | { readonly type: "unanswered"; readonly why: string }
  | { readonly type: "stopped" };

/** Throws a Failure where the provider cannot be used. */
export async function askOnce(question: LoneQuestion, signal: AbortSignal): Promise<LoneAnswer> {
  const { desk, agent } = question;
  await desk.tell({ type: "agent-started", agent, role: agent, kind: "spawn", queued: false });
  const answer = await ask(question, signal);
  const isAnswered = answer.type === "answered";
  const status = isAnswered ? "completed" : "failed";
  if (answer.type !== "stopped") {
    const message = shortened(answer.type === "answered" ? saidIn(answer.answer) : answer.why);
    await desk.tell({ type: "agent-finished", agent, status, message });
  }
  return answer;
}

/** Its words, or what it gave to a tool. */
function saidIn({ text, calls: [call] }: ModelAnswer): string {
  return text.trim() === "" && call !== undefined ? call.text : text;
}

async function ask(question: LoneQuestion, signal: AbortSignal): Promise<LoneAnswer> {
  const { access, desk, agent, budget, messages, tools } = question;
  const { model, outputTokensMax, lane, clock, random } = access;
  const name = `${desk.unit}/${agent}`;
  const account = desk.account.child({ level: "agent", name, limit: budget });
  const request = { messages, tools };
  const tell = (spend: ModelAnswer["spend"], estimated: boolean, said: string) =>
    desk.tell({ type: "agent-spent", agent, turns: 1, spend, estimated, said: shortened(said) });
  const hooks = spendingHooks({ model, account, outputTokensMax }, request, {
    asked: () => Promise.resolve(),
    answered: ({ spend, estimated, text }) => tell(spend, estimated, text),
    unanswered: async (_, spend) => {
      if (tokensOf(spend) > 0) await tell(spend, true, "");
    },
    warned: async (accounts) => {
      for (const { level, name: whose } of accounts) {
        await desk.tell({ type: "budget-warned", level, name: whose });
      }
    },
  });
  const outcome = await askPatiently(model, request, {
    ...{ signal, lane, ...hooks },
    ...(clock === undefined ? {} : { clock }),
    ...(random === undefined ? {} : { random }),
  });
  switch (outcome.type) {
    case "answered":
    case "stopped":
      return outcome;
    case "refused":
      return { type: "unanswered", why: overText(outcome.why) };
    case "failed":
      return { type: "unanswered", why: outcome.fault.message };
    case "out":
      throw outcome.failure;
    default:
      return unreachable(outcome);
  }
}
