/** What is known of our own agents: who works, what it cost, what they were granted, said to each other and share. */

import type { AgentFact, Message } from "./desk.ts";
import type { RunEvent, UntoldSpend } from "./event.ts";
import { invariant, unreachable } from "./failure.ts";
import { cutToReopen, hasEnded } from "./reopening.ts";
import type { AgentState, RunState, UnitState } from "./run.ts";
import { noSpend, sumOf } from "./spend.ts";
import { withUnit } from "./unit-change.ts";

/** Older messages are forgotten: nobody reads that far back, and the journal has them. */
export const messagesMax = 1000;

export type AgentEvent = Extract<RunEvent, AgentFact>;
export type SpokenEvent = Extract<
  RunEvent,
  { type: "claim-answered" | "message-sent" | "context-written" }
>;

/** One of an attempt's agents began, spent, or ended. */
export function reduceAgent(unit: UnitState, event: AgentEvent, at: number): UnitState {
  switch (event.type) {
    case "agent-started":
      return { ...unit, agents: begin(unit.agents, event, at) };
    case "agent-spent": {
      const { spend, turns, estimated, said } = event;
      const spent = withAgent(unit, event, (agent) => ({
        ...agent,
        turns,
        spend: sumOf(agent.spend, spend),
        estimated: agent.estimated || estimated,
        said: said === "" ? agent.said : said,
      }));
      return { ...spent, spend: sumOf(spent.spend, spend) };
    }
    case "agent-finished":
      // Its end may be told after a restart only, by its transcript.
      return withAgent(unit, event, ({ isCutOff: _, ...agent }) => ({
        ...agent,
        status: event.status,
        said: event.message === "" ? agent.said : event.message,
        endedAt: at,
      }));
    case "budget-warned":
      return unit;
    default:
      return unreachable(event);
  }
}

export function reduceSpoken(state: RunState, event: SpokenEvent, at: number): RunState {
  switch (event.type) {
    case "claim-answered": {
      if (event.answer.type === "refused") return state;
      const units = state.units.map((unit) =>
        unit.id === event.unit
          ? { ...unit, claims: [...new Set([...unit.claims, ...event.paths])] }
          : unit,
      );
      return { ...state, units };
    }
    case "message-sent": {
      const { type: _, reopens, ...told } = event;
      const message = { ...told, id: state.seq, at };
      const messages = [...state.messages, message].slice(-messagesMax);
      return reopens === true ? reopen({ ...state, messages }, message) : { ...state, messages };
    }
    case "context-written": {
      const { key, value, by } = event;
      const { [key]: __, ...others } = state.context;
      return {
        ...state,
        context: value === null ? others : { ...others, [key]: { value, by, at } },
      };
    }
    default:
      return unreachable(event);
  }
}

/** The unit goes on with its conversation; a run that had finished works again for it. */
function reopen(state: RunState, message: Message): RunState {
  const opened = withUnit(state, message.unit, (unit) => {
    const { at, changed, told } = unit;
    const from = cutToReopen(state.integration, unit);
    invariant(hasEnded(at) && from !== undefined, `${unit.id} has ended with a conversation`);
    const { answer: _, ...rest } = unit;
    const reopened = { before: at, changed, from };
    const waiting = { at: { phase: "waiting" }, cancelAsked: false, cut: from } as const;
    return { ...rest, ...waiting, reopened, told: [...told, message] };
  });
  if (state.at.phase !== "finished") return opened;
  const { rested: _, ...clean } = opened.clean;
  return { ...opened, at: { phase: "working" }, revived: true, clean };
}

/** An attempt that ended has no agents at work, whatever they could still say. */
export function endAgents(
  agents: readonly AgentState[],
  attempt: number,
  at: number,
): readonly AgentState[] {
  if (agents.every((agent) => agent.attempt !== attempt || agent.endedAt !== undefined)) {
    return agents;
  }
  return agents.map((agent) =>
    agent.attempt === attempt && agent.endedAt === undefined
      ? { ...agent, status: "cancelled", isCutOff: true, endedAt: at }
      : agent,
  );
}

/** Nobody knows whether the call in flight was answered: it counts with all that was reserved. */
export function withUntold(
  agents: readonly AgentState[],
  { agent: id, attempt, spend }: UntoldSpend,
): readonly AgentState[] {
  return agents.map((agent) =>
    agent.agent === id && agent.attempt === attempt
      ? { ...agent, spend: sumOf(agent.spend, spend), estimated: true }
      : agent,
  );
}

/** The same agent may begin again: queued first, spoken to again, or going on after a cut. */
function begin(
  agents: readonly AgentState[],
  event: Extract<AgentEvent, { type: "agent-started" }>,
  at: number,
): readonly AgentState[] {
  const { agent, attempt, parent, role, kind, queued } = event;
  const known = agents.find((one) => one.agent === agent && one.attempt === attempt);
  const begun: AgentState = {
    agent,
    attempt,
    role,
    kind,
    status: queued ? "queued" : "running",
    turns: known?.turns ?? 0,
    spend: known?.spend ?? noSpend,
    estimated: known?.estimated ?? false,
    said: known?.said ?? "",
    startedAt: startOf(known, at),
    ...(parent === undefined ? {} : { parent }),
  };
  if (known === undefined) return [...agents, begun];
  return agents.map((one) => (one === known ? begun : one));
}

/** What lies between its end and its next beginning is none of its time. */
function startOf(known: AgentState | undefined, at: number): number {
  if (known === undefined) return at;
  return known.endedAt === undefined ? known.startedAt : at - (known.endedAt - known.startedAt);
}

function withAgent(
  unit: UnitState,
  { agent: id, attempt }: AgentEvent & { readonly agent: string },
  change: (agent: AgentState) => AgentState,
): UnitState {
  const position = unit.agents.findLastIndex((one) => one.agent === id && one.attempt === attempt);
  const known = unit.agents[position];
  invariant(known !== undefined, `the agent ${id} of ${unit.id} has begun`);
  return { ...unit, agents: unit.agents.with(position, change(known)) };
}
