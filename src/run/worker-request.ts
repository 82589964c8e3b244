/** What workers at work ask of the run: facts of their agents, claims, questions to people, messages, the shared context. */
import { answerClaim } from "../core/claim.ts";
import type { AgentFact, AgentId, Question } from "../core/desk.ts";
import type { RepoPath, UnitId } from "../core/id.ts";
import type { Json } from "../core/plan.ts";
import { hasEnded, whyNobodyListens, whyNotReopened } from "../core/reopening.ts";
import type { RunState, UnitState } from "../core/run.ts";
import type { Ruling } from "./ruling.ts";

interface ByAttempt {
  readonly unit: UnitId;
  readonly attempt: number;
}

export type WorkerRequest =
  | (ByAttempt & { readonly type: "tell"; readonly fact: AgentFact })
  | (ByAttempt & {
      readonly type: "claim";
      readonly agent: AgentId;
      readonly paths: readonly RepoPath[];
    })
  | (ByAttempt & { readonly type: "ask"; readonly question: Question })
  | {
      readonly type: "message";
      /** `person`, or `unit/agent`. */
      readonly from: string;
      readonly unit: UnitId;
      readonly agent?: AgentId | undefined;
      readonly text: string;
    }
  | (ByAttempt & {
      readonly type: "write-context";
      readonly agent: AgentId;
      readonly key: string;
      readonly value: Json;
    });

export const messageCharsMax = 10_000;
/** Of one agent. */
export const messagesPerMinuteMax = 50;
export const contextKeyCharsMax = 100;
export const contextValueCharsMax = 16_000;
export const contextKeysMax = 200;

const minuteMs = 60_000;

export function ruleOnWorker(state: RunState, request: WorkerRequest, now: number): Ruling {
  switch (request.type) {
    case "tell": {
      const { unit, attempt, fact } = request;
      return isAtWork(state, request) ? { ...fact, unit, attempt } : undefined;
    }
    case "claim": {
      if (!isAtWork(state, request)) return undefined;
      const { unit, agent, paths } = request;
      const answer = answerClaim(state, unit, paths);
      return { type: "claim-answered", unit, agent, paths, answer };
    }
    case "ask": {
      const { unit, attempt, question } = request;
      if (!isAtWork(state, request)) return undefined;
      return { type: "approval-asked", id: questionId(state, unit, attempt), unit, question };
    }
    case "message":
      return ruleOnMessage(state, request, now);
    case "write-context":
      return ruleOnContext(state, request);
  }
}

function isAtWork(state: RunState, { unit, attempt }: ByAttempt): boolean {
  const at = unitIn(state, unit)?.at;
  if (at?.phase !== "running") return false;
  return at.attempt === attempt || at.others.some((other) => other.attempt === attempt);
}

/** A unit's own approval has no dot in its name. */
function questionId(state: RunState, unit: UnitId, attempt: number): string {
  const before = state.approvals.filter((one) => one.unit === unit && one.question !== undefined);
  return `${unit}-${attempt}.${before.length + 1}`;
}

function ruleOnMessage(
  state: RunState,
  request: Extract<WorkerRequest, { type: "message" }>,
  now: number,
): Ruling {
  const { from, unit: id, agent, text } = request;
  const unit = unitIn(state, id);
  if (unit === undefined) return refused(`there is no unit ${id}`);
  const reopens = hasEnded(unit.at);
  const why = reopens ? whyNotReopened(state, unit, agent) : whyNobodyListens(unit);
  if (why !== undefined) return refused(why);
  if (text.length > messageCharsMax) {
    return refused(`a message may have ${messageCharsMax} characters, this one has ${text.length}`);
  }
  const lately = state.messages.filter((one) => one.from === from && one.at > now - minuteMs);
  if (lately.length >= messagesPerMinuteMax) {
    return refused(`${messagesPerMinuteMax} messages a minute are the limit: wait`);
  }
  const to = agent === undefined ? {} : { agent };
  const again = reopens ? ({ reopens } as const) : {};
  return { type: "message-sent", from, unit: id, ...to, text, ...again };
}

function ruleOnContext(
  state: RunState,
  request: Extract<WorkerRequest, { type: "write-context" }>,
): Ruling {
  if (!isAtWork(state, request)) return undefined;
  const { unit, agent, key, value } = request;
  if (key === "" || key.length > contextKeyCharsMax) {
    return refused(`a key has 1 to ${contextKeyCharsMax} characters`);
  }
  const { length } = JSON.stringify(value);
  if (length > contextValueCharsMax) {
    return refused(`a value may have ${contextValueCharsMax} characters as JSON, not ${length}`);
  }
  const isNew = !Object.hasOwn(state.context, key);
  if (isNew && value !== null && Object.keys(state.context).length >= contextKeysMax) {
    return refused(`the shared context has ${contextKeysMax} keys already: remove one`);
  }
  return { type: "context-written", by: `${unit}/${agent}`, key, value };
}

function unitIn({ units }: RunState, id: UnitId): UnitState | undefined {
  return units.find((one) => one.id === id);
}

function refused(why: string): Ruling {
  return { type: "refused", why };
}
