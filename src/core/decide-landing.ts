/** After a run: move the target to the result, take that back, clean up. The target moves only from a commit that the result contains. */
import type { Action } from "./action.ts";
import { goOn } from "./decide-merge.ts";
import type { Refusal, RunEvent } from "./event.ts";
import type { RunState } from "./run.ts";

/** A target that keeps moving while we verify is given up after so many rounds. */
export const landingRoundsMax = 25;

export function decideLanding(state: RunState): readonly Action[] {
  if (state.merge !== undefined) return goOn(state, state.merge);
  const { landing, integration } = state;
  switch (landing.phase) {
    case "asked":
      return land(state, landing);
    case "moving": {
      const { target, old, since } = landing;
      return [{ type: "land", target, old, new: landing.new, since }];
    }
    case "undo_asked": {
      const { target, old } = landing;
      return [record({ type: "undo-started", target, old, new: landing.new })];
    }
    case "undoing": {
      const { target, old, since } = landing;
      return [{ type: "undo", target, old, new: landing.new, since }];
    }
    default:
      return state.clean.asked === undefined || integration === undefined
        ? []
        : [{ type: "clean", depth: state.clean.asked }];
  }
}

function land(
  state: RunState,
  { target, seen }: Extract<RunState["landing"], { phase: "asked" }>,
): readonly Action[] {
  const { integration } = state;
  if (seen === undefined) return [{ type: "look-at-target", target, integration }];
  if (seen.contained) {
    return [record({ type: "land-started", target, old: seen.tip, new: integration })];
  }
  if (state.landingRounds >= landingRoundsMax) {
    const message = `the target moved ${landingRoundsMax} times while the result was verified`;
    const refusal: Refusal = { type: "target_moved", message, paths: [] };
    return [record({ type: "land-refused", refusal })];
  }
  return [
    record({
      type: "merge-started",
      subject: { type: "target" },
      onto: integration,
      head: seen.tip,
    }),
  ];
}

function record(event: RunEvent): Action {
  return { type: "record", event };
}
