/** One question to the model: made small enough for its window, paid from the agent's account, written down before it is sent
 *  and before its answer is believed. A provider that cannot be used is a Failure; it never fails an agent. */
import { type Over, overText } from "../core/budget.ts";
import { unreachable } from "../core/failure.ts";
import type { ModelFault, ModelRequest } from "../core/model.ts";
import type { Spend } from "../core/spend.ts";
import { askPatiently } from "../host/model-retry.ts";
import type { AgentAtWork } from "./agent-door.ts";
import { type Compaction, compactionOf, summaryRequest } from "./compaction.ts";
import { messagesOf } from "./conversation.ts";
import { shortened } from "./shortened.ts";
import { spendingHooks } from "./spending.ts";
import { toolSpecs } from "./tool-spec.ts";
import type { AgentEnd } from "./transcript-line.ts";

/** Each makes the conversation smaller: drop, summary, and both once more for the newest turns. */
const compactionsMax = 6;

/** An end only where no answer can be had. */
export async function askModel(agent: AgentAtWork): Promise<AgentEnd | undefined> {
  const { model, window } = agent.access;
  // What the provider calls too long is, whatever we have counted.
  let room = window;
  for (let round = 0; round <= compactionsMax; round++) {
    const request = requestOf(agent);
    const { entries } = agent.conversation;
    const compaction = compactionOf(entries, model.countTokens(request), room);
    if (compaction !== undefined) {
      const end = await compact(agent, request, compaction);
      if (end !== undefined) return end;
      continue;
    }
    const asked = await ask(agent, request);
    if (asked.type === "answered") return undefined;
    if (asked.type === "ended") return asked.end;
    if (compactionOf(entries, 1, 0) === undefined) return faultEnd(agent, asked.fault);
    room = 0;
  }
  return agent.end({
    type: "failed",
    why: "worker_failed",
    message: "the conversation does not fit the model's window",
    summary: agent.conversation.said,
  });
}

function requestOf(agent: AgentAtWork): ModelRequest {
  return { messages: messagesOf(agent.conversation), tools: toolSpecs(agent.toolMap) };
}

async function compact(
  agent: AgentAtWork,
  request: ModelRequest,
  compaction: Compaction,
): Promise<AgentEnd | undefined> {
  if (compaction.type === "drop") {
    await agent.record({ type: "dropped", before: compaction.before });
    return undefined;
  }
  const { keepFrom } = compaction;
  const question = summaryRequest(request, agent.conversation.entries, keepFrom);
  const asked = await ask(agent, question, keepFrom);
  if (asked.type === "ended") return asked.end;
  return asked.type === "answered" ? undefined : faultEnd(agent, asked.fault);
}

type Asked =
  | { readonly type: "answered" }
  | { readonly type: "ended"; readonly end: AgentEnd }
  /** The request is to blame, and a smaller one may do. */
  | { readonly type: "too_long"; readonly fault: ModelFault };

async function ask(agent: AgentAtWork, request: ModelRequest, keepFrom?: number): Promise<Asked> {
  const { access, account, lifetime: signal } = agent;
  const { model, outputTokensMax, lane, clock, random } = access;
  const hooks = spendingHooks({ model, account, outputTokensMax }, request, {
    asked: (reserved) =>
      agent.record({ type: "asked", reserved, ...(keepFrom === undefined ? {} : { keepFrom }) }),
    answered: async ({ text, calls, spend, estimated }) => {
      await agent.record({ type: "answered", text, calls, spend, estimated });
      await tellSpent(agent, spend, estimated);
    },
    unanswered: async (why, spend) => {
      await agent.record({ type: "unanswered", why, spend });
      if (spend.inputTokens + spend.outputTokens > 0) await tellSpent(agent, spend, true);
    },
    warned: (accounts) => agent.keeper.warned(accounts),
  });
  const outcome = await askPatiently(model, request, {
    ...{ signal, lane, ...hooks },
    ...(clock === undefined ? {} : { clock }),
    ...(random === undefined ? {} : { random }),
  });
  switch (outcome.type) {
    case "answered":
      return { type: "answered" };
    case "stopped":
      return { type: "ended", end: { type: "stopped" } };
    case "refused":
      return { type: "ended", end: await overEnd(agent, outcome.why) };
    case "out":
      throw outcome.failure;
    case "failed":
      return failedAsk(agent, outcome.fault);
    default:
      return unreachable(outcome);
  }
}

async function failedAsk(agent: AgentAtWork, fault: ModelFault): Promise<Asked> {
  if (fault.kind === "too_long") return { type: "too_long", fault };
  if (fault.kind !== "cut") return { type: "ended", end: await faultEnd(agent, fault) };
  const { outputTokensMax } = agent.access;
  const text = `Your answer was cut off in the middle of a call, at about ${outputTokensMax} tokens: nothing of it was done. Make smaller calls, such as edit instead of write, or several small files.`;
  await agent.record({ type: "told", from: "cut", text });
  return { type: "answered" };
}

function tellSpent(agent: AgentAtWork, spend: Spend, estimated: boolean): Promise<void> {
  const { turns, said } = agent.conversation;
  return agent.tell({
    type: "agent-spent",
    agent: agent.id,
    turns,
    spend,
    estimated,
    said: shortened(said),
  });
}

async function faultEnd(agent: AgentAtWork, fault: ModelFault): Promise<AgentEnd> {
  return agent.end({
    type: "failed",
    why: "worker_failed",
    message: `the model refused the request: ${shortened(fault.message)}`,
    summary: agent.conversation.said,
  });
}

async function overEnd(agent: AgentAtWork, over: Over): Promise<AgentEnd> {
  return agent.end({
    type: "failed",
    why: "over_budget",
    level: over.level,
    message: overText(over),
    summary: agent.conversation.said,
  });
}
