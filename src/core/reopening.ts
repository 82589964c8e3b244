/** A unit that has ended and is spoken to again: it goes on with the same conversation, and unless what comes of that is merged it
 *  is afterwards what it was before. Whether that can be is said here, once, for everybody who passes such a message on. */
import { type AccountLevel, stricter } from "./budget.ts";
import type { AgentId } from "./desk.ts";
import type { Cut } from "./event.ts";
import type { Sha, UnitId } from "./id.ts";
import { type Budget, unitPositions } from "./plan.ts";
import type { EndedPhase, RunState, UnitPhase, UnitState } from "./run.ts";
import { runSpend } from "./run-spend.ts";
import { type Spend, tokensOf } from "./spend.ts";

/** How often a conversation is gone on with after its unit had ended. */
export const reopeningsMax = 100;

export function hasEnded(at: UnitPhase): at is EndedPhase {
  switch (at.phase) {
    case "merged":
    case "failed":
    case "cancelled":
    case "timed_out":
      return true;
    default:
      return false;
  }
}

/** Why a unit that has ended cannot be spoken to; undefined where it can. */
export function whyNotReopened(
  state: RunState,
  unit: UnitState,
  agent: AgentId | undefined,
): string | undefined {
  return whyRunIsOver(state) ?? whyNoConversation(state, unit, agent) ?? whyUnpaid(state, unit);
}

/** Its agents are through, and what they made may still be sent back to them. */
export function whyNobodyListens({ id, at }: UnitState): string | undefined {
  if (at.phase !== "completed" && at.phase !== "merging") return undefined;
  return `the unit ${id} is being merged: say it again once that has ended`;
}

/** What was merged, or stands against what was merged, is seen as it is now; anything else goes on where it was left. */
export function cutToReopen(
  integration: Sha,
  { at, conversation }: Pick<UnitState, "at" | "conversation">,
): Cut | undefined {
  if (conversation === undefined) return undefined;
  const { attempt, base, snapshot, isMerged } = conversation;
  const conflicts = at.phase === "failed" && at.reason.type === "conflict";
  if (isMerged === true || conflicts || snapshot === undefined) {
    return { attempt, base: integration };
  }
  return { attempt, base, snapshot };
}

/** What its last attempt left of its agents. */
export function withConversation(unit: UnitState, cut: Cut | undefined): UnitState {
  const { conversation: _, ...rest } = unit;
  return cut === undefined ? rest : { ...rest, conversation: cut };
}

/** It is what it was; `at` would have been its end. */
export function closeAgain(unit: UnitState, at?: UnitPhase): UnitState {
  const { reopened, cut: _, ...rest } = unit;
  if (reopened === undefined) return unit;
  const { before, changed } = reopened;
  const refused = at !== undefined && "reason" in at ? { refused: at.reason } : {};
  return { ...rest, at: before, changed, answer: { said: unit.summary, ...refused } };
}

/** `commit` is absent where it owns nothing. What it changed when it was spoken to again comes on top. */
export function mergedUnit(unit: UnitState, commit?: Sha): UnitState {
  const { reopened, conversation, ...rest } = unit;
  const merged: UnitState = {
    ...rest,
    at: { phase: "merged", ...(commit === undefined ? {} : { commit }) },
    ...(conversation === undefined ? {} : { conversation: { ...conversation, isMerged: true } }),
  };
  if (reopened === undefined) return merged;
  const before = reopened.before.phase === "merged" ? reopened.changed : [];
  const changed = [...new Set([...before, ...unit.changed])].sort();
  return { ...merged, changed, answer: { said: unit.summary } };
}

function whyRunIsOver(state: RunState): string | undefined {
  if (state.at.phase !== "finished")
    return "a unit that has ended hears a message once its run has finished";
  if (state.cancelled !== undefined) return "the run was cancelled: nothing more is done in it";
  if (state.timedOut) return "the run reached its time limit (limits.runTimeout)";
  return state.overBudget ? "the run's budget is spent (budget.run)" : undefined;
}

function whyNoConversation(
  state: RunState,
  { id, attempts, conversation, told, agents }: UnitState,
  agent: AgentId | undefined,
): string | undefined {
  const planned = plannedUnit(state, id);
  const worker = planned?.worker ?? state.settings.worker;
  if (state.settings.workers[worker]?.type !== "model") {
    return `the unit ${id} has ended, and its worker ${worker} keeps no conversation that could go on`;
  }
  if (attempts === 0) return `the unit ${id} never began`;
  if (conversation === undefined) {
    return (planned?.approaches ?? 1) > 1
      ? `the unit ${id} was worked on in several ways at once: there is no one conversation to go on with`
      : `the unit ${id} has ended, and of its conversation nothing is left`;
  }
  if (told.length >= reopeningsMax) {
    return `the unit ${id} was spoken to ${reopeningsMax} times after its end, which is the limit`;
  }
  const own = agents.filter((one) => one.attempt === conversation.attempt);
  if (agent === undefined || own.some((one) => one.agent === agent && one.parent === undefined)) {
    return undefined;
  }
  if (own.some((one) => one.agent === agent)) {
    return `${agent} is a subagent that has ended: speak to its unit, whose agent can speak to it`;
  }
  return `the unit ${id} has no agent ${agent}`;
}

function whyUnpaid(state: RunState, { id, spend }: UnitState): string | undefined {
  const limit = stricter(plannedUnit(state, id)?.budget ?? {}, state.settings.budget.unit);
  if (isSpent(limit, spend)) return unpaid("unit", `of the unit ${id}`);
  const all = runSpend(state);
  return isSpent(state.settings.budget.run, all) ? unpaid("run", "of the run") : undefined;
}

function unpaid(level: AccountLevel, whose: string): string {
  return `the budget ${whose} is spent (budget.${level})`;
}

function isSpent({ tokens, usd }: Budget, spend: Spend): boolean {
  if (tokens !== undefined && tokensOf(spend) >= tokens) return true;
  return usd !== undefined && spend.usd >= usd;
}

function plannedUnit({ plan }: RunState, id: UnitId) {
  return plan.units[unitPositions(plan.units).get(id) ?? -1];
}
