/** What people, and workers at work, say to a run, and the fact that it becomes, if it still means anything. Each is ruled on when
 *  its turn comes, by the state as it is then: of two that exclude each other the first wins. */

import type { RunEvent } from "../core/event.ts";
import type { UnitId } from "../core/id.ts";
import type { RunState } from "../core/run.ts";
import type { Ruling } from "./ruling.ts";
import { ruleOnWorker, type WorkerRequest } from "./worker-request.ts";

export type RunRequest =
  | { readonly type: "cancel"; readonly unit?: UnitId }
  | { readonly type: "pause" }
  | { readonly type: "continue" }
  | {
      readonly type: "answer";
      readonly id: string;
      readonly answer: "approved" | "denied";
      readonly text?: string;
    }
  | { readonly type: "interrupt"; readonly signal: "SIGINT" | "SIGTERM" }
  | WorkerRequest;

export function rule(state: RunState, request: RunRequest, now: number): Ruling {
  const { phase } = state.at;
  if (phase === "finished") return undefined;
  switch (request.type) {
    case "tell":
    case "claim":
    case "ask":
    case "message":
    case "write-context":
      // Agents that wind down still tell what they spent.
      return ruleOnWorker(state, request, now);
    default:
      return phase === "interrupted" ? undefined : ruleOnPerson(state, request);
  }
}

function ruleOnPerson(state: RunState, request: Exclude<RunRequest, WorkerRequest>): Ruling {
  const { phase } = state.at;
  switch (request.type) {
    case "cancel":
      if (request.unit !== undefined) return cancelUnit(state, request.unit);
      return state.cancelled === undefined
        ? { type: "run-cancelled", why: "asked by a person" }
        : undefined;
    case "pause":
      return phase === "working" ? { type: "run-paused" } : undefined;
    case "continue":
      return phase === "paused" ? { type: "run-continued" } : undefined;
    case "answer": {
      const asked = state.approvals.some(
        ({ id, answer }) => id === request.id && answer === undefined,
      );
      if (!asked) return undefined;
      const { id, answer, text } = request;
      return { type: "approval-answered", id, answer, ...(text === undefined ? {} : { text }) };
    }
    case "interrupt":
      return { type: "run-interrupted", why: request.signal, signal: request.signal };
  }
}

function cancelUnit(state: RunState, id: UnitId): RunEvent | undefined {
  const unit = state.units.find((one) => one.id === id);
  const open = ["waiting", "awaiting_approval", "running", "completed", "merging"];
  if (unit === undefined || unit.cancelAsked || !open.includes(unit.at.phase)) return undefined;
  return { type: "unit-cancelled", unit: id };
}
