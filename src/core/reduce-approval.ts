/** What people are asked and what they answer: whether a unit may start, and what its agents want to know while they work. */
import type { RunEvent } from "./event.ts";
import { invariant } from "./failure.ts";
import type { Approval, RunState, UnitPhase } from "./run.ts";
import { end, unitOf, withUnit } from "./unit-change.ts";
import { phaseOf, reasonOf } from "./unit-end.ts";

type Asked = Extract<RunEvent, { type: "approval-asked" }>;
type Answered = Extract<RunEvent, { type: "approval-answered" }>;

/** Answered questions are kept so that the same one need not be asked again; older ones are asked again. */
export const approvalsMax = 1000;

export function reduceApproval(state: RunState, event: Asked | Answered, at: number): RunState {
  return event.type === "approval-asked" ? ask(state, event, at) : answer(state, event, at);
}

function ask(state: RunState, { id, unit, question }: Asked, at: number): RunState {
  const asked: Approval = {
    id,
    unit,
    askedAt: at,
    ...(question === undefined ? {} : { question }),
  };
  const told = { ...state, approvals: [...state.approvals, asked].slice(-approvalsMax) };
  const phase = unitOf(told, unit).at;
  if (question === undefined) {
    invariant(phase.phase === "waiting", `${unit} waits before it asks for approval`);
    return withPhase(told, unit, { phase: "awaiting_approval", request: id });
  }
  invariant(phase.phase === "running", `${unit} is at work when one of its agents asks`);
  return withPhase(told, unit, { ...phase, askingSince: phase.askingSince ?? at });
}

function answer(state: RunState, event: Answered, at: number): RunState {
  const known = state.approvals.find(({ id }) => id === event.id);
  invariant(known !== undefined, `somebody waits for the approval ${event.id}`);
  invariant(known.answer === undefined, `the approval ${event.id} is answered once`);
  const { unit } = known;
  const { type: _, ...given } = event;
  const approvals = state.approvals.map((one) =>
    one.id === event.id ? { ...one, ...given } : one,
  );
  const told = { ...state, approvals };
  if (known.question === undefined) return answerStart(told, unit, event);
  return answerAgent(told, unit, at);
}

function answerStart(state: RunState, id: Approval["unit"], event: Answered): RunState {
  if (unitOf(state, id).at.phase !== "awaiting_approval") return state;
  if (event.answer === "denied") {
    return end(state, id, phaseOf(reasonOf("denied", "the approval was denied")));
  }
  return withUnit(state, id, (asked) => ({ ...asked, approved: true, at: { phase: "waiting" } }));
}

/** The agent hears the answer in its place; one that was parked goes on once nothing is open any more. */
function answerAgent(state: RunState, id: Approval["unit"], now: number): RunState {
  const open = state.approvals.find((one) => one.unit === id && one.answer === undefined);
  const { at } = unitOf(state, id);
  if (at.phase === "awaiting_approval") {
    return withPhase(
      state,
      id,
      open === undefined ? { phase: "waiting" } : { ...at, request: open.id },
    );
  }
  if (at.phase !== "running" || at.askingSince === undefined || open !== undefined) return state;
  const { askingSince, ...rest } = at;
  return withPhase(state, id, { ...rest, askedMs: rest.askedMs + Math.max(0, now - askingSince) });
}

function withPhase(state: RunState, id: Approval["unit"], at: UnitPhase): RunState {
  return withUnit(state, id, (unit) => ({ ...unit, at }));
}
