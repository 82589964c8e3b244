/** The end of a run and what may follow it for ever after: landing, undo, cleaning. */
import type { RunEvent, RunOutcome } from "./event.ts";
import { invariant, unreachable } from "./failure.ts";
import type { Landing, RunState, UnitState } from "./run.ts";

type LandingEvent = Extract<
  RunEvent,
  {
    type:
      | "run-finished"
      | "land-asked"
      | "target-seen"
      | "land-started"
      | "landed"
      | "land-refused"
      | "undo-asked"
      | "undo-started"
      | "undone"
      | "undo-refused"
      | "clean-asked"
      | "cleaned";
  }
>;

export function reduceLanding(state: RunState, event: LandingEvent, at: number): RunState {
  switch (event.type) {
    case "run-finished": {
      invariant(state.at.phase !== "finished", "a run finishes once");
      const finished = finish(state, event.outcome);
      return {
        ...finished,
        landing: landingAtEnd(finished),
        clean: { ...state.clean, asked: "end" },
      };
    }
    case "land-asked":
      invariant(state.at.phase === "finished", "a run lands after it finished");
      return {
        ...state,
        landing: asked(state),
        landingRounds: 0,
        clean: { ...state.clean, asked: state.clean.asked ?? "end" },
      };
    case "target-seen":
      return { ...state, landing: see(state.landing, event) };
    case "land-started":
      invariant(state.landing.phase === "asked", "a landing is asked for before it starts");
      return { ...state, landing: { ...moveOf(event), phase: "moving", since: at } };
    case "landed":
      return { ...state, landing: { ...moveOf(event), phase: "landed" } };
    case "land-refused":
      return { ...state, landing: { phase: "refused", refusal: event.refusal } };
    case "undo-asked":
    case "undo-started":
    case "undone":
    case "undo-refused":
      return { ...state, landing: undo(state.landing, event, at) };
    case "clean-asked":
      return {
        ...state,
        clean: { ...state.clean, asked: event.discard ? "discard" : "landed" },
      };
    case "cleaned": {
      const { asked: _, ...rest } = state.clean;
      return {
        ...state,
        units: state.units.map((unit) => withoutCleaned(state, unit)),
        clean: {
          ...rest,
          rested: true,
          kept: event.kept,
          removed: [...rest.removed, ...event.removed],
        },
      };
    }
    default:
      return unreachable(event);
  }
}

/** What was stopped of a run that had finished before is no end of the run. */
function finish(state: RunState, outcome: RunOutcome): RunState {
  const { cancelled, ...rest } = state;
  const stopped = cancelled === undefined || state.revived ? {} : { cancelled };
  return { ...rest, ...stopped, at: { phase: "finished", outcome } };
}

/** What was thrown away cannot be gone on with; what landed is seen as it is now. */
function withoutCleaned({ clean, landing }: RunState, unit: UnitState): UnitState {
  const { conversation, ...rest } = unit;
  if (conversation === undefined || clean.asked === "end") return unit;
  if (clean.asked === "discard") return rest;
  const landed = landing.phase === "landed" || landing.phase === "undo_refused";
  if (!landed || unit.at.phase !== "merged") return unit;
  return { ...unit, conversation: { ...conversation, isMerged: true } };
}

/** Whoever speaks to a unit of a finished run has not asked for anything to be moved. */
function landingAtEnd(state: RunState): Landing {
  if (state.revived) return state.landing;
  return landsByItself(state) ? asked(state) : { phase: "idle" };
}

function landsByItself(state: RunState): boolean {
  if (state.cancelled !== undefined || state.at.phase !== "finished") return false;
  const { land } = state.settings;
  if (land === "auto") return state.at.outcome === "complete";
  return land === "partial" && state.integration !== state.plan.base;
}

function asked(state: RunState): Extract<Landing, { phase: "asked" }> {
  return { phase: "asked", target: state.settings.target };
}

function see(landing: Landing, event: Extract<LandingEvent, { type: "target-seen" }>): Landing {
  invariant(
    landing.phase === "asked" || landing.phase === "moving",
    "the target is looked at for a landing",
  );
  if (event.tip !== null) {
    const seen = { tip: event.tip, contained: event.contained };
    return { phase: "asked", target: landing.target, seen };
  }
  const name = landing.target.replace("refs/heads/", "");
  const message = `the branch ${name} does not exist any more`;
  return { phase: "refused", refusal: { type: "target_missing", message, paths: [] } };
}

function undo(
  landing: Landing,
  event: Extract<LandingEvent, { type: "undo-asked" | "undo-started" | "undone" | "undo-refused" }>,
  at: number,
): Landing {
  invariant("old" in landing, "only what landed can be undone");
  const move = moveOf(landing);
  switch (event.type) {
    case "undo-asked":
      return { ...move, phase: "undo_asked" };
    case "undo-started":
      return { ...move, phase: "undoing", since: at };
    case "undone":
      return { ...move, phase: "undone" };
    case "undo-refused":
      return { ...move, phase: "undo_refused", refusal: event.refusal };
    default:
      return unreachable(event);
  }
}

/** `old` and `new` are always the landing's, also while it is taken back. */
function moveOf<T extends Pick<Extract<Landing, { phase: "landed" }>, "target" | "old" | "new">>(
  from: T,
) {
  return { target: from.target, old: from.old, new: from.new };
}
