/** The final document of a run, exactly as the contract has it, and the exit code that goes with it. Programs read this: fields
 *  are added, never renamed. It is made from the state alone and must never say more than the journal does. */
import type { CheckResult, Refusal, RunOutcome } from "../core/event.ts";
import { unreachable } from "../core/failure.ts";
import { type RefName, type RepoPath, type RunId, type Sha, unitRef } from "../core/id.ts";
import type { PlanEstimate } from "../core/plan.ts";
import type { RunState, UnitState } from "../core/run.ts";
import { runSpend } from "../core/run-spend.ts";
import { runSummary } from "../core/run-summary.ts";
import type { LandMode } from "../core/settings.ts";
import { type Spend, withoutNoise } from "../core/spend.ts";
import type { Reason, ReasonType } from "../core/worker.ts";
import { type AgentDocument, agentDocuments } from "./agents.ts";
import { type ApprovalDocument, approvalDocuments } from "./approvals.ts";
import { type Life, plannedUnit, type UnitStatus, unitStatus } from "./unit-status.ts";

export interface ErrorFields {
  readonly code: string;
  readonly message: string;
  readonly advice: string;
  readonly details: Readonly<Record<string, unknown>>;
}

export interface ReasonDocument {
  readonly type: ReasonType;
  readonly message: string;
  readonly paths: readonly RepoPath[];
  readonly log?: string;
}

export interface UnitDocument {
  readonly id: string;
  readonly status: UnitStatus;
  readonly attempts: number;
  readonly commit: Sha | null;
  readonly branch: string;
  /** In which round it was made for what was left over; absent for the units of the plan. */
  readonly round?: number;
  readonly changed: readonly RepoPath[];
  readonly summary: string;
  readonly artifacts: readonly string[];
  readonly reason: ReasonDocument | null;
  readonly spend: Spend;
  /** Some of its spend was counted by us: the provider told nothing, or a call was cut off. */
  readonly estimated: boolean;
  readonly seconds: number;
  /** Our own agents, of every attempt. */
  readonly agents: readonly AgentDocument[];
}

export interface CompletionDocument {
  readonly name: string;
  readonly passed: boolean;
  readonly message?: string;
  readonly log?: string;
}

export interface FinalDocument {
  readonly version: 1;
  readonly run: RunId;
  readonly outcome: RunOutcome;
  readonly goal: string;
  readonly target: string;
  readonly base: Sha;
  readonly integration: Sha;
  readonly landed: Sha | null;
  readonly units: readonly UnitDocument[];
  readonly spend: Spend;
  /** What the run's workers say they did, made one by `aggregate`. */
  readonly summary: string;
  readonly approvals: readonly ApprovalDocument[];
  readonly doneWhen: readonly CompletionDocument[];
  readonly landing: { readonly asked: LandMode; readonly refused: Refusal | null };
  readonly checks: { readonly run: number; readonly reused: number; readonly seconds: number };
  readonly seconds: number;
  /** What was thought beforehand, to be held against `seconds` and `spend`; null where nobody did. */
  readonly estimate: Pick<PlanEstimate, "serial" | "parallel"> | null;
  readonly error?: ErrorFields;
}

/** Somebody drives the run unless it is said that nobody does. */
export interface DocumentFacts extends Partial<Life> {
  /** What ended the run before its end. */
  readonly error?: ErrorFields | undefined;
}

export function finalDocument(state: RunState, facts: DocumentFacts = {}): FinalDocument {
  const life = { alive: facts.alive ?? true };
  return {
    version: 1,
    run: state.run,
    outcome: outcomeOf(state),
    goal: state.plan.goal,
    target: shortName(state.settings.target),
    base: state.plan.base,
    integration: state.integration,
    landed: landedCommit(state),
    units: state.units.map((unit) => unitDocument(state, unit, life)),
    spend: withoutNoise(totalSpend(state)),
    summary: runSummary(state),
    approvals: approvalDocuments(state),
    doneWhen: completionDocuments(state),
    landing: { asked: state.settings.land, refused: landingRefusal(state) },
    checks: {
      run: state.checks.run,
      reused: state.checks.reused,
      seconds: seconds(state.checks.ms),
    },
    seconds: seconds(state.activeMs),
    estimate: estimateOf(state),
    ...(facts.error === undefined ? {} : { error: facts.error }),
  };
}

function estimateOf({ plan: { estimate } }: RunState): FinalDocument["estimate"] {
  if (estimate === undefined) return null;
  const { serial, parallel } = estimate;
  return { serial, parallel };
}

/** `complete` only where every unit is merged and `doneWhen` holds; `interrupted` until the landing too has come to its end. */
export function outcomeOf(state: RunState): RunOutcome {
  if (state.at.phase !== "finished") return unfinishedOutcome(state);
  if (state.landing.phase === "asked" || state.landing.phase === "moving") return "interrupted";
  if (state.at.outcome !== "complete") return state.at.outcome;
  return allMerged(state) && completionHolds(state) ? "complete" : "partial";
}

function unfinishedOutcome(state: RunState): RunOutcome {
  if (state.at.phase === "interrupted" && state.at.cause === "provider") {
    return "provider_unavailable";
  }
  return waitsForApproval(state) ? "awaiting_approval" : "interrupted";
}

/** It stopped because nobody was there to answer, not because somebody stopped it. */
function waitsForApproval(state: RunState): boolean {
  if (state.at.phase !== "interrupted" || state.at.signal !== undefined) return false;
  return state.units.some(({ at }) => at.phase === "awaiting_approval");
}

/** The contract's exit code of a run that began. */
export function exitCodeOf(state: RunState): number {
  const outcome = outcomeOf(state);
  switch (outcome) {
    case "complete":
      return state.landing.phase === "refused" ? 3 : 0;
    case "partial":
      return 1;
    case "failed":
      return isDenied(state) ? 4 : 1;
    case "awaiting_approval":
      return 4;
    case "over_budget":
      return 5;
    case "provider_unavailable":
      return 6;
    case "cancelled":
      return 130;
    case "interrupted":
      return state.at.phase === "interrupted" && state.at.signal === "SIGTERM" ? 143 : 130;
    default:
      return unreachable(outcome);
  }
}

/** Nothing but denied approvals kept every unit from landing: they, and units that come after them. */
function isDenied({ units }: RunState): boolean {
  const reasons = units.map((unit) => reasonOf(unit)?.type);
  return (
    reasons.includes("denied") &&
    reasons.every((type) => type === "denied" || type === "dependency_failed")
  );
}

export function landedCommit(state: RunState): Sha | null {
  const landing = state.landing;
  switch (landing.phase) {
    case "landed":
    case "undo_asked":
    case "undoing":
    case "undo_refused":
      return landing.new;
    case "idle":
    case "asked":
    case "moving":
    case "refused":
    case "undone":
      return null;
    default:
      return unreachable(landing);
  }
}

export function landingRefusal(state: RunState): Refusal | null {
  return state.landing.phase === "refused" ? state.landing.refusal : null;
}

export function allMerged(state: RunState): boolean {
  return state.units.every((unit) => unit.at.phase === "merged");
}

/** Why the unit did not land: its end, or why its last attempt was refused while it waits for another. */
export function reasonOf(unit: UnitState): Reason | undefined {
  switch (unit.at.phase) {
    case "failed":
    case "cancelled":
    case "timed_out":
      return unit.at.reason;
    case "merged":
      return undefined;
    case "waiting":
    case "awaiting_approval":
    case "running":
    case "completed":
    case "merging":
      return unit.previous;
    default:
      return unreachable(unit.at);
  }
}

/** What must hold in the end, each with its result; without one where nobody asked. */
export function completionResults(
  state: RunState,
): readonly { readonly name: string; readonly result: CheckResult | undefined }[] {
  const results = state.completion?.results ?? [];
  return state.plan.doneWhen.map(({ name }, position) => {
    const result = results[position];
    return { name, result: result?.name === name ? result : undefined };
  });
}

function completionDocuments(state: RunState): readonly CompletionDocument[] {
  return completionResults(state).map(({ name, result }) => {
    if (result === undefined) return { name, passed: false, message: "did not run" };
    return {
      name,
      passed: result.passed,
      ...(result.message === undefined ? {} : { message: result.message }),
      ...(result.log === undefined ? {} : { log: result.log }),
    };
  });
}

function completionHolds(state: RunState): boolean {
  return completionResults(state).every(({ result }) => result?.passed === true);
}

export function totalSpend(state: RunState): Spend {
  return runSpend(state);
}

/** `main` of `refs/heads/main`. */
export function shortName(ref: RefName): string {
  return ref.replace(/^refs\/heads\//, "");
}

function unitDocument(state: RunState, unit: UnitState, life: Life): UnitDocument {
  const reason = reasonOf(unit);
  const round = plannedUnit(state, unit)?.round;
  return {
    id: unit.id,
    status: unitStatus(state, unit),
    attempts: unit.attempts,
    commit: unit.at.phase === "merged" ? (unit.at.commit ?? null) : null,
    branch: shortName(unitRef(state.run, unit.id)),
    ...(round === undefined ? {} : { round }),
    changed: unit.changed,
    summary: unit.summary,
    artifacts: unit.artifacts,
    reason: reason === undefined ? null : reasonDocument(reason),
    spend: withoutNoise(unit.spend),
    estimated: unit.agents.some(({ estimated }) => estimated),
    seconds: seconds(unit.workedMs),
    agents: agentDocuments(state, unit, life),
  };
}

function reasonDocument(reason: Reason): ReasonDocument {
  const { type, message, paths, log } = reason;
  return { type, message, paths, ...(log === undefined ? {} : { log }) };
}

function seconds(ms: number): number {
  return Math.round(ms / 10) / 100;
}
