/** What a person can do about a run: where the work that did not land is kept, and what to type next. */
import { integrationRef, snapshotRef } from "../core/id.ts";
import type { RunState, UnitState } from "../core/run.ts";
import { openApprovals } from "./approvals.ts";
import { allMerged } from "./document.ts";
import { landingSteps, type Step } from "./landing.ts";
import { sayList } from "./words.ts";

export interface KeptWork {
  readonly who: string;
  /** A ref, a path, or words. */
  readonly where: string;
  /** What no commit can hold. */
  readonly left: readonly string[];
  /** Where what could be copied of that lies, relative to the run's folder; undefined where somebody threw it away. */
  readonly leftAt?: string | undefined;
}

/** The last snapshot of every unit that did not land, and whatever else the clean-up had to leave; each place once. */
export function keptWork(state: RunState): readonly KeptWork[] {
  const discarded = state.clean.asked === "discard";
  const kept = discarded ? [] : state.units.flatMap((unit) => keptOf(state, unit));
  const named = new Set(kept.map(({ where }) => where));
  const leftAt = kept.flatMap((one) => (one.leftAt === undefined ? [] : [`/${one.leftAt}`]));
  const more = state.clean.kept.filter(
    (where) => !named.has(where) && !leftAt.some((end) => where.endsWith(end)),
  );
  return [...kept, ...more.map((where) => ({ who: whoseIs(state, where), where, left: [] }))];
}

/** A unit's ref goes under its name; what is the run's own is called what it is. */
function whoseIs(state: RunState, where: string): string {
  if (!where.startsWith("refs/"))
    return /\/units\/([^/]+)\/\d+\/left$/.exec(where)?.[1] ?? "worktree";
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
    last.snapshot === undefined ? "in no commit" : snapshotRef(state.run, unit.id, last.attempt);
  if (state.clean.removed.includes(where)) return [];
  return [{ who: unit.id, where, left: last.left, leftAt: leftAt(state, unit, last) }];
}

/** What units that are merged left besides, which no commit can hold: it did not land with them. */
export function leftByMerged(state: RunState): readonly Omit<KeptWork, "where">[] {
  return state.units.flatMap((unit) => {
    const last = unit.leavings.at(-1);
    if (unit.at.phase !== "merged" || last === undefined || last.left.length === 0) return [];
    return [{ who: unit.id, left: last.left, leftAt: leftAt(state, unit, last) }];
  });
}

/** `big.bin, pipe (kept in <folder>/units/a/1/left, but for what cannot be copied)`. */
export function sayLeft(
  { left, leftAt: at }: Omit<KeptWork, "where" | "who">,
  { folder, namedMax }: { readonly folder: string | undefined; readonly namedMax: number },
): string {
  const named = sayList(left, namedMax);
  if (at === undefined) return named;
  const place = folder === undefined ? `${at} of the run's folder` : `${folder}/${at}`;
  return `${named} (kept in ${place}, but for what cannot be copied)`;
}

/** Undefined once it was thrown away. */
function leftAt(
  { clean }: RunState,
  { id }: UnitState,
  { attempt, left }: UnitState["leavings"][number],
): string | undefined {
  const place = `units/${id}/${attempt}/left`;
  const gone = clean.removed.some((removed) => removed.endsWith(`/${place}`));
  return left.length === 0 || gone ? undefined : place;
}

function unfinishedSteps(state: RunState, { alive }: StepFacts): Step[] {
  const approvals = openApprovals(state).map(({ id, who, what }): Step => {
    return {
      command: `pleach approve ${id}`,
      why: `${who} ${what} (\`pleach deny ${id}\` refuses)`,
    };
  });
  if (!alive) {
    const isCutOff = state.at.phase !== "interrupted";
    const why = isCutOff ? "nobody drives the run: takes up what was cut off" : "goes on";
    return [...approvals, { command: `pleach resume ${state.run}`, why }];
  }
  const paused = { command: `pleach resume ${state.run}`, why: "goes on" };
  return state.at.phase === "paused" ? [...approvals, paused] : approvals;
}

function failedSteps(state: RunState): Step[] {
  const failed = state.units.filter(
    ({ at, attempts }) =>
      attempts > 0 &&
      (at.phase === "failed" || at.phase === "timed_out") &&
      at.reason.type !== "dependency_failed",
  );
  const first = failed[0];
  if (!first) return [];
  const more = failed.length > 1 ? ` (and of ${failed.length - 1} more)` : "";
  return [{ command: `pleach logs ${state.run}/${first.id}`, why: `says why it failed${more}` }];
}

function keptSteps(state: RunState): Step[] {
  const kept = keptWork(state);
  if (kept.length === 0) return [];
  const { phase } = state.landing;
  const allLanded = allMerged(state) && (phase === "landed" || phase === "undo_refused");
  if (allLanded && kept.every(({ who }) => who === "worktree")) {
    return [{ command: `pleach clean ${state.run}`, why: "removes the worktrees that were kept" }];
  }
  return [
    {
      command: `pleach clean --discard ${state.run}`,
      why: "throws away the work that did not land, after naming it",
    },
  ];
}
