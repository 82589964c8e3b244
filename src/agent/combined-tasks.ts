/** Subagents that one turn started with the same `aggregate`: once all have ended, their parent is given their results as one too.
 *  It is told once, by a line of its transcript. */
import { combine, type PartResult, summaryQuestion } from "../core/aggregate.ts";
import type { AgentId } from "../core/desk.ts";
import type { Aggregate } from "../core/plan.ts";
import type { AgentAtWork } from "./agent-door.ts";
import type { PendingCall } from "./conversation.ts";
import { fence } from "./fence.ts";
import { childResult } from "./judge.ts";
import { askOnce } from "./lone-question.ts";

export async function combineTasks(agent: AgentAtWork): Promise<void> {
  const { calls, combined } = agent.conversation;
  if (combined) return;
  const parts: string[] = [];
  for (const [strategy, children] of groupsOf(calls)) {
    const found = await Promise.all(children.map((child) => childResult(agent.around, child)));
    const results = found.flat();
    if (results.length < 2) continue;
    const text = await textOf(agent, strategy, results);
    const names = children.join(", ");
    parts.push(`The results of ${names} as one (${strategy}):\n\n${fence(text, "their results")}`);
  }
  if (parts.length === 0 || agent.lifetime.aborted) return;
  await agent.record({ type: "told", from: "results", text: parts.join("\n\n") });
}

/** Those that this turn started and waited for, by how they are to become one. */
function groupsOf(calls: readonly PendingCall[]): ReadonlyMap<Aggregate, readonly AgentId[]> {
  const groups = new Map<Aggregate, readonly AgentId[]>();
  for (const { call, child, result } of calls) {
    if (call.name !== "task" || child === undefined || child.background || !result) continue;
    // It could be made, and so was read before.
    const { aggregate } = JSON.parse(call.text) as { readonly aggregate?: Aggregate };
    if (aggregate === undefined) continue;
    groups.set(aggregate, [...(groups.get(aggregate) ?? []), child.agent]);
  }
  return groups;
}

async function textOf(
  agent: AgentAtWork,
  strategy: Aggregate,
  results: readonly PartResult[],
): Promise<string> {
  if (strategy !== "ai_summarize") return combine(strategy, results).summary;
  const { access, account, around, id } = agent;
  const { unit } = around.desk;
  const desk = { unit, account, tell: agent.tell.bind(agent) };
  const answer = await askOnce(
    {
      ...{ access, desk, budget: {}, agent: `${id}-summary`, tools: [] },
      messages: [{ role: "user", text: summaryQuestion(results) }],
    },
    agent.lifetime,
  );
  // Without a summary the results themselves are still there.
  return answer.type === "answered" && answer.answer.text.trim() !== ""
    ? answer.answer.text
    : combine("concatenate", results).summary;
}
