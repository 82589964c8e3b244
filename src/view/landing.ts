/** What became of the result: which branch still holds it, how a refusal to move the target is said, and what can be typed then. A
 *  step is offered only where it can work. */
import type { Refusal } from "../core/event.ts";
import { integrationRef } from "../core/id.ts";
import type { Landing, RunState } from "../core/run.ts";
import { allMerged, completionResults, outcomeOf, shortName } from "./document.ts";
import { isNamed, sayCount, sayList, shortSha } from "./words.ts";

export interface Step {
  readonly command: string;
  readonly why: string;
}

export function mergedNothing(state: RunState): boolean {
  return state.integration === state.plan.base;
}

/** The branch that holds the line of verified merges; undefined where it was taken away or holds nothing of the run. */
export function integrationBranch(state: RunState): string | undefined {
  if (mergedNothing(state)) return undefined;
  const ref = integrationRef(state.run);
  const removals = state.clean.removed.filter((one) => one === ref).length;
  // The clean-up after a landing removes it, and an undo makes it again.
  const there = state.landing.phase === "undone" ? removals <= 1 : removals === 0;
  return there ? shortName(ref) : undefined;
}

/** The message, and the first paths where it does not name them itself. */
export function sayRefusal({ message, paths }: Refusal, pathsMax: number): string {
  const [first] = paths;
  const told = first === undefined || isNamed(first, message);
  return told ? message : `${message}: ${sayList(paths, pathsMax)}`;
}

export function landingSteps(state: RunState): readonly Step[] {
  const { landing } = state;
  switch (landing.phase) {
    case "landed": {
      const target = shortName(state.settings.target);
      return [{ command: `pleach undo ${state.run}`, why: `takes the landing on ${target} back` }];
    }
    case "undo_refused":
      return undoSteps(state, landing);
    case "refused":
      return refusedSteps(state, landing.refusal);
    case "idle":
      return integrationBranch(state) === undefined ? [] : [idleStep(state)];
    default:
      return [];
  }
}

function idleStep(state: RunState): Step {
  const command = `pleach land ${state.run}`;
  if (allMerged(state) && outcomeOf(state) === "complete") {
    return { command, why: "moves the target to the result" };
  }
  const merged = state.units.filter((unit) => unit.at.phase === "merged").length;
  const rest = allMerged(state) ? "" : ", without the rest";
  const unmet = sayUnmet(state);
  const though = unmet === undefined ? "" : `, though ${unmet}`;
  const why = `lands what is merged (${sayCount(merged, "unit")})${rest}${though}`;
  return { command, why };
}

/** `doneWhen does not hold (none left)`; undefined where all of it holds, or nothing was to. */
export function sayUnmet(state: RunState): string | undefined {
  const unmet = completionResults(state).filter(({ result }) => result?.passed !== true);
  if (unmet.length === 0) return undefined;
  const red = unmet.filter(({ result }) => result !== undefined);
  const [said, those] =
    red.length > 0
      ? ["doneWhen does not hold", red]
      : ["nobody asked whether doneWhen holds", unmet];
  return `${said} (${sayList(
    those.map(({ name }) => name),
    5,
  )})`;
}

/** Landing again would meet the same commits again where they do not go together: only a merge by hand helps then. */
function refusedSteps(state: RunState, { type }: Refusal): Step[] {
  const again = `pleach land ${state.run}`;
  const branch = integrationBranch(state);
  const target = shortName(state.settings.target);
  switch (type) {
    case "conflict":
    case "check_failed": {
      if (branch === undefined) return [];
      const then = type === "conflict" ? "resolve the conflict" : "mend what the check found";
      return [{ command: `git merge ${branch}`, why: `on ${target}: ${then} by hand there` }];
    }
    case "local_edits":
      return [{ command: again, why: "lands it, once you committed or stashed those files" }];
    case "target_missing":
      return [{ command: again, why: `lands it, once there is a branch ${target}` }];
    case "target_moved":
      return [{ command: again, why: "tries again with the target's new commits" }];
    case "not_possible":
      return [{ command: again, why: "tries again, once what is in the way is gone" }];
  }
}

/** Asking again would be refused again, so that the way round is offered. */
function undoSteps(
  state: RunState,
  landing: Extract<Landing, { phase: "undo_refused" }>,
): readonly Step[] {
  const target = shortName(state.settings.target);
  switch (landing.refusal.type) {
    case "local_edits":
      return [
        {
          command: "git stash --include-untracked",
          why: `in the checkout of ${target}, then undo`,
        },
      ];
    case "target_moved": {
      const [from, to] = [shortSha(landing.new), shortSha(landing.old)];
      const command = `git diff --binary ${from} ${to} | git apply --3way`;
      return [{ command, why: `on ${target}: takes back what landed, for you to commit` }];
    }
    default:
      return [];
  }
}
