/** What people say to a run from outside, and the fact that it becomes, if it still means anything. */
import type { RunEvent } from "../core/event.ts";
import type { UnitId } from "../core/id.ts";
import type { RunState } from "../core/run.ts";

export type RunRequest =
  | { readonly type: "cancel"; readonly unit?: UnitId }
  | { readonly type: "pause" }
  | { readonly type: "continue" }
  | { readonly type: "answer"; readonly id: string; readonly answer: "approved" | "denied" }
  | { readonly type: "interrupt"; readonly signal: "SIGINT" | "SIGTERM" };

/** Undefined where the request changes nothing: it came late, twice, or names what is not there. */
export function factOf(state: RunState, request: RunRequest): RunEvent | undefined {
  const { phase } = state.at;
  if (phase === "finished" || phase === "interrupted") return undefined;
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
      const asked = state.units.some(
        ({ at }) => at.phase === "awaiting_approval" && at.request === request.id,
      );
      if (!asked) return undefined;
      return { type: "approval-answered", id: request.id, answer: request.answer };
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
