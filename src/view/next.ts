/** What a person can do about a run: where the work that did not land is kept, and what to type next. */
import { integrationRef, snapshotRef } from "../core/id.ts";
import type { RunState, UnitState } from "../core/run.ts";
import { openApprovals } from "./approvals.ts";
import { landingSteps, type Step } from "./landing.ts";

export interface KeptWork {
  readonly who: string;
  /** A ref, a path, or words. */
  readonly where: string;
  /** What no commit could hold, and lies in the run's folder or is gone. */
  readonly left: readonly string[];
}

/** The last snapshot of every unit that did not land, and whatever else the clean-up had to leave; each place once. */
export function keptWork(state: RunState): readonly KeptWork[] {
  const discarded = state.clean.asked === "discard";
  const kept = discarded ? [] : state.units.flatMap((unit) => keptOf(state, unit));
  const named = new Set(kept.map(({ where }) => where));
  const more = state.clean.kept.filter((where) => !named.has(where));
  return [...kept, ...more.map((where) => ({ who: whoseIs(state, where), where, left: [] }))];
}

/** A unit's ref goes under its name; what is the run's own is called what it is. */
function whoseIs(state: RunState, where: string): string {
  if (!where.startsWith("refs/")) return "worktree";
  if (where === integrationRef(state.run)) return "what is merged";
  const [, folder, run, name] = where.replace("refs/heads/", "refs/").split("/");
  const own = folder === "pleach" && run === state.run;
  return own && state.units.some(({ id }) => id === name) ? (name ?? "ref") : "ref";
}

export interface StepFacts {
  /** Whether a process is at work on the run now. */
  readonly alive: boolean;
}

export function nextSteps(state: RunState, facts: StepFacts): readonly Step[] {
  if (state.at.phase !== "finished") return unfinishedSteps(state, facts);
  return [...failedSteps(state), ...landingSteps(state), ...keptSteps(state)];
}

function keptOf(state: RunState, unit: UnitState): KeptWork[] {
  if (unit.at.phase === "merged") return [];
  const last = unit.leavings.findLast((one) => one.snapshot !== undefined || one.left.length > 0);
  if (!last) return [];
  const where =
    last.snapshot === undefined
      ? "in no commit: nothing that git can hold"
      : snapshotRef(state.run, unit.id, last.attempt);
  if (state.clean.removed.includes(where)) return [];
  return [{ who: unit.id, where, left: last.left }];
}

function unfinishedSteps(state: RunState, { alive }: StepFacts): Step[] {
  const approvals = openApprovals(state).map(({ id, who, what }): Step => {
    return {
      command: `pleach approve ${id}`,
      why: `${who} ${what} (\`pleach deny ${id}\` refuses)`,
    };
  });
  if (!alive) return [...approvals, { command: `pleach resume ${state.run}`, why: "goes on" }];
  const paused = { command: `pleach resume ${state.run}`, why: "goes on" };
  return state.at.phase === "paused" ? [...approvals, paused] : approvals;
}

function failedSteps(state: RunState): Step[] {
  const failed = state.units.filter(
    ({ at }) =>
      (at.phase === "failed" || at.phase === "timed_out") && at.reason.type !== "dependency_failed",
  );
  const first = failed[0];
  if (!first) return [];
  const more = failed.length > 1 ? ` (and of ${failed.length - 1} more)` : "";
  return [{ command: `pleach logs ${state.run}/${first.id}`, why: `says why it failed${more}` }];
}

function keptSteps(state: RunState): Step[] {
  if (keptWork(state).length === 0) return [];
  return [
    {
      command: `pleach clean --discard ${state.run}`,
      why: "throws away the work that did not land, after naming it",
    },
  ];
}
