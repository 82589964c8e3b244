/** reduce(state, line): what is so after one more fact. Pure; it trusts nothing and breaks (a bug, or a corrupt journal) on a fact
 *  that cannot follow. It must never look at the clock: time comes in with the line. */
import type { JournalLine, RunEvent, Runner } from "./event.ts";
import { invariant, unreachable } from "./failure.ts";
import { reduceAgent, reduceSpoken } from "./reduce-agent.ts";
import { reduceApproval } from "./reduce-approval.ts";
import { reduceLanding } from "./reduce-landing.ts";
import { reduceMerge } from "./reduce-merge.ts";
import { reduceUnit } from "./reduce-unit.ts";
import { startRound } from "./round.ts";
import type { RunState, UnitState } from "./run.ts";
import type { Settings } from "./settings.ts";
import { noSpend } from "./spend.ts";
import { cancelOpenUnits, endOpenUnits, newUnit, withUnit } from "./unit-change.ts";

/** The state after all lines; undefined for none. */
export function foldRun(lines: Iterable<JournalLine>): RunState | undefined {
  let state: RunState | undefined;
  for (const line of lines) state = reduce(state, line);
  return state;
}

export function reduce(state: RunState | undefined, line: JournalLine): RunState {
  const { event } = line;
  if (event.type === "run-started") {
    invariant(
      state === undefined && line.seq === 0,
      "a run starts once, at the journal's beginning",
    );
    return stateAtStart(event, line.at);
  }
  invariant(state !== undefined, `a journal begins with run-started, not ${event.type}`);
  invariant(line.seq === state.seq + 1, `line ${line.seq} follows line ${state.seq}`);
  const pause = event.type === "run-resumed" || state.clean.rested === true;
  const elapsed = pause ? 0 : Math.max(0, line.at - state.updatedAt);
  const timed: RunState = {
    ...state,
    seq: line.seq,
    updatedAt: line.at,
    activeMs: state.activeMs + elapsed,
  };
  return reduceEvent(timed, event, line.at);
}

function reduceEvent(
  state: RunState,
  event: Exclude<RunEvent, { type: "run-started" }>,
  at: number,
) {
  switch (event.type) {
    case "approval-asked":
    case "approval-answered":
      return reduceApproval(state, event, at);
    case "agent-started":
    case "agent-spent":
    case "agent-finished":
    case "budget-warned":
      return withUnit(state, event.unit, (unit) => reduceAgent(unit, event, at));
    case "claim-answered":
    case "message-sent":
    case "context-written":
      return reduceSpoken(state, event, at);
    case "unit-started":
    case "unit-stopping":
    case "unit-finished":
    case "unit-interrupted":
    case "unit-cancelled":
      return reduceUnit(state, event, at);
    case "merge-started":
    case "candidate-made":
    case "check-started":
    case "check-stopping":
    case "check-interrupted":
    case "check-finished":
    case "merge-finished":
      return reduceMerge(state, event, at);
    case "round-started":
      return startRound(state, event);
    case "run-summarised":
      return { ...state, summary: event.text, summarySpend: event.spend };
    case "run-resumed":
    case "run-paused":
    case "run-continued":
    case "run-cancelled":
    case "run-timed-out":
    case "run-interrupted":
      return reduceCourse(state, event);
    default:
      return reduceLanding(state, event, at);
  }
}

type CourseEvent = Extract<
  RunEvent,
  {
    type:
      | "run-resumed"
      | "run-paused"
      | "run-continued"
      | "run-cancelled"
      | "run-timed-out"
      | "run-interrupted";
  }
>;

function reduceCourse(state: RunState, event: CourseEvent): RunState {
  if (event.type === "run-resumed") return resume(state, event.runner);
  if (state.at.phase === "finished" || state.at.phase === "interrupted") return state;
  switch (event.type) {
    case "run-paused":
      return state.at.phase === "working" ? { ...state, at: { phase: "paused" } } : state;
    case "run-continued":
      return state.at.phase === "paused" ? { ...state, at: { phase: "working" } } : state;
    case "run-cancelled":
      return cancelOpenUnits({ ...state, at: { phase: "working" }, cancelled: event.why });
    case "run-timed-out":
      return endOpenUnits({ ...state, at: { phase: "working" }, timedOut: true });
    case "run-interrupted": {
      const { type: _, ...told } = event;
      return { ...state, at: { phase: "interrupted", ...told } };
    }
    default:
      return unreachable(event);
  }
}

function resume(state: RunState, runner: Runner): RunState {
  return {
    ...state,
    runner,
    at: state.at.phase === "finished" ? state.at : { phase: "working" },
    units: state.units.map(lose),
    ...(state.merge === undefined ? {} : { merge: withoutChecking(state.merge) }),
    ...(state.completion === undefined ? {} : { completion: withoutChecking(state.completion) }),
  };
}

function lose(unit: UnitState): UnitState {
  return unit.at.phase === "running" ? { ...unit, at: { ...unit.at, lost: true } } : unit;
}

function withoutChecking<T extends { readonly checking?: unknown }>(value: T): Omit<T, "checking"> {
  const { checking: _, ...rest } = value;
  return rest;
}

/** What journals of version 0.1.0 do not say yet. */
const laterSettings = {
  roles: [],
  yes: false,
  policy: [],
  shell: { network: false, timeoutMs: 120_000, caches: [] },
} as const;

function limitsOf({ limits }: Pick<Settings, "limits">): Settings["limits"] {
  const told: Partial<Settings["limits"]> = limits;
  const { agentTimeoutMs = limits.unitTimeoutMs, rounds = 0 } = told;
  return { ...limits, agentTimeoutMs, rounds };
}

function stateAtStart(event: Extract<RunEvent, { type: "run-started" }>, at: number): RunState {
  return {
    run: event.run,
    version: event.version,
    plan: event.plan,
    settings: { ...laterSettings, ...event.settings, limits: limitsOf(event.settings) },
    runner: event.runner,
    at: { phase: "working" },
    timedOut: false,
    overBudget: false,
    approvals: [],
    messages: [],
    summarySpend: noSpend,
    planningSpend: event.planning ?? noSpend,
    context: {},
    rounds: 0,
    units: event.plan.units.map(({ id }) => newUnit(id)),
    integration: event.plan.base,
    landing: { phase: "idle" },
    landingRounds: 0,
    revived: false,
    checks: { run: 0, reused: 0, ms: 0 },
    clean: { kept: [], removed: [] },
    startedAt: at,
    updatedAt: at,
    activeMs: 0,
    seq: 0,
  };
}
