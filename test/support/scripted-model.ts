/** A model that says what a test has written down for it: by agent, and by how often the agent was answered before. */

import { currentAgent } from "../../src/agent/identity.ts";
import type { Model, ModelAnswer, ModelOutcome, ModelRequest } from "../../src/core/model.ts";

export interface Turn {
  readonly text?: string;
  /** Name and arguments; text is sent as it is. */
  readonly calls?: readonly (readonly [name: string, given: unknown])[];
}

export type Script = (request: ModelRequest, agent: string) => Turn | Promise<Turn> | ModelOutcome;

export interface ScriptedModel extends Model {
  /** Every request, with the agent that made it. */
  readonly asked: { readonly agent: string; readonly request: ModelRequest }[];
  /** How many were on their way at once. */
  readonly atOnceMax: number;
}

/** One character of JSON is a token, an answer costs what it weighs, and a million tokens a dollar. */
export function scriptedModel(script: Script): ScriptedModel {
  const asked: ScriptedModel["asked"] = [];
  let atOnce = 0;
  let atOnceMax = 0;
  const countTokens = (request: ModelRequest) => JSON.stringify(request.messages).length;
  return {
    name: "scripted",
    asked,
    get atOnceMax() {
      return atOnceMax;
    },
    countTokens,
    priceOf: ({ inputTokens, outputTokens }) => (inputTokens + outputTokens) / 1_000_000,
    ask: async (request, signal) => {
      const agent = currentAgent()?.agentId ?? "nobody";
      asked.push({ agent, request });
      atOnce += 1;
      atOnceMax = Math.max(atOnceMax, atOnce);
      try {
        const said = await script(request, agent);
        if (signal.aborted) {
          const inputTokens = countTokens(request);
          return {
            type: "stopped",
            spend: { inputTokens, cachedTokens: 0, outputTokens: 0, usd: 0 },
          };
        }
        if ("type" in said) return said;
        return { type: "answered", answer: answerOf(said, countTokens(request)) };
      } finally {
        atOnce -= 1;
      }
    },
  };
}

/** What each agent says, turn by turn; after its last turn it has nothing more to do. */
export function byAgent(turns: Readonly<Record<string, readonly Turn[]>>): Script {
  return (request, agent) => turns[agent]?.[answersIn(request)] ?? { text: `${agent} is done` };
}

/** How often the model has answered in this conversation. */
export function answersIn({ messages }: ModelRequest): number {
  return messages.filter(({ role }) => role === "assistant").length;
}

function answerOf({ text = "", calls = [] }: Turn, inputTokens: number): ModelAnswer {
  const made = calls.map(([name, given], at) => ({
    id: `call-${at}`,
    name,
    text: typeof given === "string" ? given : JSON.stringify(given),
  }));
  const outputTokens = Math.max(1, JSON.stringify([text, made]).length >> 2);
  const usd = (inputTokens + outputTokens) / 1_000_000;
  return {
    text,
    calls: made,
    spend: { inputTokens, cachedTokens: 0, outputTokens, usd },
    estimated: false,
  };
}
