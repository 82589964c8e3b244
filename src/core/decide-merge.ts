/** The serial merge queue: the first ready unit in plan order is merged in memory, verified check by check on the merged tree, and
 *  becomes the tip. Nothing moves the tip that was not verified as it is. */
import type { Action } from "./action.ts";
import type { RunEvent } from "./event.ts";
import type { Sha } from "./id.ts";
import type { Completion } from "./plan.ts";
import { hasEnded } from "./reopening.ts";
import type { MergeState, RunState } from "./run.ts";

export function decideMerge(state: RunState): readonly Action[] {
  if (state.merge !== undefined) return goOn(state, state.merge);
  if (state.cancelled !== undefined || state.timedOut) return [];
  const ready = state.units.find(({ at }) => at.phase === "completed");
  if (ready?.at.phase === "completed") {
    return [
      record({
        type: "merge-started",
        subject: { type: "unit", unit: ready.id, attempt: ready.attempts },
        onto: state.integration,
        head: ready.at.head,
      }),
    ];
  }
  return decideCompletion(state);
}

/** The result was checked against doneWhen as far as there is anything to check. */
export function isVerified(state: RunState): boolean {
  if (state.merge !== undefined) return false;
  if (state.plan.doneWhen.length === 0) return true;
  if (!wantsCompletion(state)) return state.completion?.checking === undefined;
  const done = state.completion;
  return done?.commit === state.integration && nextCheck(state.plan.doneWhen, done) === undefined;
}

/** Checks that run while the run winds down are stopped; a candidate without its checks stays for the resume. */
export function stopChecking(state: RunState): readonly Action[] {
  const subject = state.merge ?? state.completion;
  const commit = state.merge?.candidate?.commit ?? state.completion?.commit;
  if (subject?.checking === undefined || commit === undefined) return [];
  if (!subject.checking.stopping) return [record({ type: "check-stopping", commit })];
  const before = state.merge === undefined ? state.settings.checks.length : 0;
  return [{ type: "stop-check", commit, position: before + subject.results.length }];
}

/** The checks that a candidate must pass; with the target's new commits doneWhen must hold again as well. */
export function checksOf(state: RunState, merge: MergeState): readonly Completion[] {
  const { checks } = state.settings;
  return merge.subject.type === "unit" ? checks : [...checks, ...state.plan.doneWhen];
}

export function goOn(state: RunState, merge: MergeState): readonly Action[] {
  const { subject, onto, head, candidate } = merge;
  if (candidate === undefined) return [{ type: "merge", subject, onto, head }];
  const failed = merge.results.find(({ passed }) => !passed);
  if (failed !== undefined) {
    const { message, log, tail } = failed;
    const reason = {
      type: "check_failed" as const,
      message: message ?? `${failed.name} failed`,
      paths: [],
      ...(log === undefined ? {} : { log }),
      ...(tail === undefined ? {} : { tail }),
    };
    return [record({ type: "merge-finished", subject, outcome: { type: "check_failed", reason } })];
  }
  const next = nextCheck(checksOf(state, merge), merge);
  if (next === undefined) return [{ type: "advance", subject, onto, commit: candidate.commit }];
  if (isWindingDown(state) && merge.checking === undefined) return giveUp(state, merge);
  return runCheck(candidate.commit, next, merge);
}

/** A cancelled or timed-out run gives up a candidate that was not verified; the unit ends with the run. */
function giveUp(state: RunState, { subject }: MergeState): readonly Action[] {
  if (subject.type === "target") return [];
  const type = state.cancelled === undefined ? "timed_out" : "cancelled";
  const reason = { type, message: "the run ended before it was verified", paths: [] } as const;
  return [record({ type: "merge-finished", subject, outcome: { type: "check_failed", reason } })];
}

function decideCompletion(state: RunState): readonly Action[] {
  if (!state.units.every(({ at }) => hasEnded(at))) return [];
  if (!wantsCompletion(state)) return [];
  const commit = state.integration;
  const done: Checked = state.completion?.commit === commit ? state.completion : { results: [] };
  const next = nextCheck(state.plan.doneWhen, done);
  if (next === undefined) return [];
  // The result was a candidate before: its checks have the first positions.
  const position = state.settings.checks.length + next.position;
  return runCheck(commit, { ...next, position }, done);
}

function wantsCompletion(state: RunState): boolean {
  if (state.cancelled !== undefined || state.timedOut) return false;
  return state.units.some(({ at }) => at.phase === "merged");
}

type Checked = Pick<MergeState, "results" | "checking">;

interface NextCheck {
  readonly check: Completion;
  readonly position: number;
}

function nextCheck(
  checks: readonly Completion[],
  done: { readonly results: readonly unknown[] },
): NextCheck | undefined {
  const check = checks[done.results.length];
  return check === undefined ? undefined : { check, position: done.results.length };
}

function runCheck(commit: Sha, { check, position }: NextCheck, done: Checked): readonly Action[] {
  if (done.checking === undefined) {
    return [record({ type: "check-started", commit, name: check.name })];
  }
  return done.checking.stopping ? [] : [{ type: "check", commit, check, position }];
}

function isWindingDown(state: RunState): boolean {
  return state.at.phase === "working" && (state.cancelled !== undefined || state.timedOut);
}

function record(event: RunEvent): Action {
  return { type: "record", event };
}
