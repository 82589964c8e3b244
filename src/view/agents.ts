/** The agents of a run as rows: who works below whom, how far it is and what it cost. */

import type { AgentStatus } from "../core/desk.ts";
import { unreachable } from "../core/failure.ts";
import type { AgentState, RunState, UnitState } from "../core/run.ts";
import type { Spend } from "../core/spend.ts";
import { tokensOf, withoutNoise } from "../core/spend.ts";
import type { Cell } from "./table.ts";
import type { Life } from "./unit-status.ts";
import { type Colour, sayCount, sayDuration, sayLines, saySpend } from "./words.ts";

/** `pending`: it was cut off with whoever drove the run, and goes on once the run does. */
export type ShownAgentStatus = AgentStatus | "pending";

export interface AgentDocument {
  readonly id: string;
  readonly attempt: number;
  readonly parent: string | null;
  readonly role: string;
  /** How it came to work: `spawn`, `resume` or `fork`. */
  readonly kind: string;
  readonly status: ShownAgentStatus;
  readonly turns: number;
  readonly spend: Spend;
  /** Some of its spend was counted by us: the provider told nothing, or a call was cut off. */
  readonly estimated: boolean;
  readonly seconds: number;
  /** Its last words. */
  readonly said: string;
}

export const agentColumns = ["agent", "role", "status", "turns", "spend", "time", "last words"];

/** Those of the last attempt of each unit that has any, each below its parent; at most `rowsMax`, then how many there are more. */
export function agentRows(
  state: RunState,
  { now, alive, rowsMax }: Life & { readonly now: number; readonly rowsMax: number },
): { readonly rows: readonly (readonly Cell[])[]; readonly more: number } {
  const all = state.units.flatMap((unit) =>
    inTree(lastAgents(unit)).map((agent) => agentRow(state, unit, agent, { now, alive })),
  );
  return { rows: all.slice(0, rowsMax), more: Math.max(0, all.length - rowsMax) };
}

export function agentDocuments(
  state: RunState,
  unit: UnitState,
  life: Life,
): readonly AgentDocument[] {
  return unit.agents.map((agent) => ({
    id: agent.agent,
    attempt: agent.attempt,
    parent: agent.parent ?? null,
    role: agent.role,
    kind: agent.kind,
    status: agentStatus(state, unit, agent, life),
    turns: agent.turns,
    spend: withoutNoise(agent.spend),
    estimated: agent.estimated,
    seconds: Math.round(((agent.endedAt ?? state.updatedAt) - agent.startedAt) / 10) / 100,
    said: agent.said,
  }));
}

/** One that waits for a person does so wherever its unit stands, whoever is there to hear the answer. */
export function agentStatus(
  state: RunState,
  unit: UnitState,
  agent: AgentState,
  { alive }: Life,
): ShownAgentStatus {
  const asks = state.approvals.some(
    (one) =>
      one.unit === unit.id && one.answer === undefined && one.question?.agent === agent.agent,
  );
  if (!asks && agent.isCutOff === true) return cutOffStatus(state, unit, agent);
  if (!asks && (agent.status === "running" || agent.status === "queued")) {
    if (state.at.phase === "finished" || state.at.phase === "interrupted") return "cancelled";
    if (!alive) return "pending";
  }
  const isLast = agent.attempt >= unit.newest;
  return asks && isLast && agent.status !== "completed" ? "awaiting_approval" : agent.status;
}

/** One that ended with its attempt goes on where the unit does, and shares its end otherwise. */
function cutOffStatus(
  state: RunState,
  { at, cut, newest }: UnitState,
  { attempt }: AgentState,
): ShownAgentStatus {
  if (state.at.phase !== "finished" && cut?.attempt === attempt) return "pending";
  return attempt >= newest && at.phase === "timed_out" ? "timed_out" : "cancelled";
}

/** The share of what went in that the provider had in its cache, from 0 to 1; undefined where nothing went in. */
export function cachedShare({ inputTokens, cachedTokens }: Spend): number | undefined {
  return inputTokens === 0 ? undefined : cachedTokens / inputTokens;
}

function lastAgents({ agents, newest }: UnitState): readonly AgentState[] {
  return agents.filter(({ attempt }) => attempt >= newest);
}

/** One that is worked on several ways has agents of one name in several attempts. */
function inTree(agents: readonly AgentState[]): readonly AgentState[] {
  const attempts = [...new Set(agents.map(({ attempt }) => attempt))];
  return attempts.flatMap((attempt) => oneTree(agents.filter((one) => one.attempt === attempt)));
}

function oneTree(agents: readonly AgentState[]): readonly AgentState[] {
  const known = new Set(agents.map(({ agent }) => agent));
  const below = (parent: string | undefined): readonly AgentState[] =>
    agents
      .filter((one) => (known.has(one.parent ?? "") ? one.parent : undefined) === parent)
      .flatMap((one) => [one, ...below(one.agent)]);
  return below(undefined);
}

function agentRow(
  state: RunState,
  unit: UnitState,
  agent: AgentState,
  { now, alive }: Life & { readonly now: number },
): readonly Cell[] {
  const status = agentStatus(state, unit, agent, { alive });
  const depth = agent.agent.split(".").length - 1;
  const end = agent.endedAt ?? (state.at.phase === "working" ? now : state.updatedAt);
  return [
    { text: nameOf(unit, agent), depth },
    { text: agent.role },
    { text: status.replace("_", " "), colour: colourOf(status) },
    { text: sayCount(agent.turns, "turn") },
    { text: sayAgentSpend(agent) },
    { text: sayDuration(end - agent.startedAt) },
    { text: sayLines(agent.said) },
  ];
}

/** One that is worked on several ways has agents of the same names. */
function nameOf(
  { id, attempts, newest, chosen }: UnitState,
  { agent, attempt }: AgentState,
): string {
  const name = `${id}/${agent}`;
  if (newest >= attempts) return name;
  return `${name}, way ${attempt}${attempt === chosen ? " (chosen)" : ""}`;
}

/** Of a call that was cut off all that it might have cost is counted. */
export function sayAgentSpend({ spend, estimated }: AgentState): string {
  if (tokensOf(spend) === 0) return "";
  return `${estimated ? "about " : ""}${saySpend(spend)}`;
}

function colourOf(status: ShownAgentStatus): Colour | undefined {
  switch (status) {
    case "completed":
      return "green";
    case "failed":
    case "timed_out":
      return "red";
    case "awaiting_approval":
    case "cancelled":
      return "yellow";
    case "running":
      return "cyan";
    case "queued":
    case "pending":
      return undefined;
    default:
      return unreachable(status);
  }
}
