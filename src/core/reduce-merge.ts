/** The merge queue's facts: a candidate is made, verified check by check, and becomes the tip, or goes back to its unit. */
import type { CheckResult, MergeSubject, RunEvent } from "./event.ts";
import { invariant, unreachable } from "./failure.ts";
import { refuse } from "./reduce-unit.ts";
import { mergedUnit } from "./reopening.ts";
import type { MergeState, RunState } from "./run.ts";
import { unitOf, withUnit } from "./unit-change.ts";
import type { Reason } from "./worker.ts";

type MergeEvent = Extract<
  RunEvent,
  {
    type:
      | "merge-started"
      | "candidate-made"
      | "check-started"
      | "check-stopping"
      | "check-interrupted"
      | "check-finished"
      | "merge-finished";
  }
>;

export function reduceMerge(state: RunState, event: MergeEvent, at: number): RunState {
  switch (event.type) {
    case "merge-started":
      return startMerge(state, event);
    case "candidate-made": {
      const merge = mergeOf(state, event.subject);
      invariant(merge.candidate === undefined, "a merge has one candidate");
      return {
        ...state,
        merge: { ...merge, candidate: { commit: event.commit, tree: event.tree } },
      };
    }
    case "merge-finished":
      return finishMerge(state, event);
    default:
      return reduceCheck(state, event, at);
  }
}

function startMerge(
  state: RunState,
  event: Extract<MergeEvent, { type: "merge-started" }>,
): RunState {
  invariant(state.merge === undefined, "one merge at a time");
  invariant(event.onto === state.integration, "a merge goes onto the integration branch's tip");
  const { type: _, ...begun } = event;
  const merging: RunState = {
    ...state,
    merge: { ...begun, results: [] },
    landingRounds: state.landingRounds + (event.subject.type === "target" ? 1 : 0),
  };
  if (event.subject.type === "target") return merging;
  return withUnit(merging, event.subject.unit, (unit) => {
    invariant(
      unit.at.phase === "completed" && unit.at.head === event.head,
      `${unit.id} is completed before it is merged`,
    );
    return { ...unit, at: { phase: "merging", head: event.head } };
  });
}

type CheckEvent = Extract<
  MergeEvent,
  { type: "check-started" | "check-stopping" | "check-interrupted" | "check-finished" }
>;

function reduceCheck(state: RunState, event: CheckEvent, at: number): RunState {
  const counted =
    event.type === "check-finished"
      ? {
          ...state,
          checks: {
            ...state.checks,
            run: state.checks.run + 1,
            ms: state.checks.ms + event.result.seconds * 1000,
          },
        }
      : state;
  if (state.merge?.candidate?.commit === event.commit) {
    return { ...counted, merge: checked(state.merge, event, at) };
  }
  invariant(
    event.commit === state.integration && state.merge === undefined,
    "a check runs on the candidate or on the result",
  );
  const completion =
    state.completion?.commit === event.commit
      ? state.completion
      : { commit: event.commit, results: [] };
  return { ...counted, completion: checked(completion, event, at) };
}

interface Checked {
  readonly results: readonly CheckResult[];
  readonly checking?: { readonly name: string; readonly since: number; readonly stopping: boolean };
}

function checked<T extends Checked>(value: T, event: CheckEvent, at: number): T {
  const { checking, ...rest } = value;
  switch (event.type) {
    case "check-started":
      invariant(checking === undefined, "one check at a time");
      return { ...value, checking: { name: event.name, since: at, stopping: false } };
    case "check-stopping":
      invariant(checking !== undefined, "a check runs before it is stopped");
      return { ...value, checking: { ...checking, stopping: true } };
    case "check-interrupted":
      return rest as T;
    case "check-finished":
      invariant(checking?.name === event.result.name, "a check starts before it finishes");
      return { ...(rest as T), results: [...value.results, event.result] };
    default:
      return unreachable(event);
  }
}

function finishMerge(
  state: RunState,
  event: Extract<MergeEvent, { type: "merge-finished" }>,
): RunState {
  const merge = mergeOf(state, event.subject);
  const { merge: _, ...rest } = state;
  const { outcome, subject } = event;
  if (outcome.type === "merged") {
    invariant(merge.candidate?.commit === outcome.commit, "what is merged is the candidate");
    return advance(rest, subject, merge, outcome.commit);
  }
  const reason: Reason =
    outcome.type === "conflict"
      ? { type: "conflict", message: outcome.message, paths: outcome.paths }
      : outcome.reason;
  if (subject.type === "unit") return refuse(rest, subject.unit, reason);
  const type = outcome.type;
  const message = `the target moved, and its new commits do not go together with the result: ${reason.message}`;
  return {
    ...rest,
    landing: { phase: "refused", refusal: { type, message, paths: reason.paths } },
  };
}

function advance(
  state: Omit<RunState, "merge">,
  subject: MergeSubject,
  merge: MergeState,
  commit: RunState["integration"],
): RunState {
  const advanced: RunState = { ...state, integration: commit };
  if (subject.type === "unit") {
    const unit = unitOf(advanced, subject.unit);
    invariant(unit.at.phase === "merging", `${unit.id} is merging before it is merged`);
    return withUnit(advanced, subject.unit, (one) => mergedUnit(one, commit));
  }
  // What was verified with the target's new commits includes doneWhen: it now speaks of the new result.
  const results = merge.results.slice(state.settings.checks.length);
  const { seen: _, ...landing } = { seen: undefined, ...state.landing };
  return { ...advanced, completion: { commit, results }, landing: landing as RunState["landing"] };
}

function mergeOf(state: RunState, subject: MergeSubject): MergeState {
  const { merge } = state;
  invariant(
    merge !== undefined && JSON.stringify(merge.subject) === JSON.stringify(subject),
    "the merge that goes on is the one that was started",
  );
  return merge;
}
