/** What a run waits for, and why: said on the live line, in the status and in the table. */

import type { MergeSubject, StopWhy } from "../core/event.ts";
import { unreachable } from "../core/failure.ts";
import type { Checking, RunState, UnitState } from "../core/run.ts";
import { oneLine } from "../core/text.ts";
import { openApprovals } from "./approvals.ts";
import { reasonOf } from "./document.ts";
import { waitsFor } from "./unit-status.ts";
import { sayCount, sayDuration, sayLines, sayList, sayReason, shortSha } from "./words.ts";

export interface Stuck {
  readonly who: string;
  readonly why: string;
  /** A person must do something before it goes on. */
  readonly needsPerson: boolean;
}

/** What waits for a person first, then what has taken longest. */
export function whatIsStuck(state: RunState, now: number): readonly Stuck[] {
  return [...waitsForPerson(state), ...isBusy(state, now)];
}

/** One line on where the unit stands, and why. */
export function unitDetail(
  state: RunState,
  unit: UnitState,
  { now, alive }: { readonly now: number; readonly alive: boolean },
): string {
  const { at } = unit;
  switch (at.phase) {
    case "waiting": {
      const before = waitsFor(state, unit);
      const again = unit.previous === undefined ? "" : `again after ${sayReason(unit.previous)}`;
      return before.length > 0 ? `waits for ${sayList(before, 3)}` : again;
    }
    case "awaiting_approval":
      return `waits for \`pleach approve ${oneLine(at.request)}\``;
    case "running":
      return runningDetail(at.since, now, { stopping: at.stopping, lost: at.lost || !alive });
    case "completed":
      return "waits in the merge queue";
    case "merging":
      return alive ? mergingDetail(state.merge?.checking, now) : cutOff;
    case "merged":
      return `${at.commit === undefined ? "changed nothing" : `${shortSha(at.commit)}, ${sayCount(unit.changed.length, "file")}`}${unit.summary === "" ? "" : `: ${sayLines(unit.summary)}`}`;
    case "failed":
    case "cancelled":
    case "timed_out": {
      const reason = reasonOf(unit);
      return reason === undefined ? "" : sayReason(reason);
    }
    default:
      return unreachable(at);
  }
}

const cutOff = "was cut off; `pleach resume` takes it up again";

export function sayStopWhy(why: StopWhy): string {
  return why.replace("_", " ");
}

export function saySubject(subject: MergeSubject): string {
  return subject.type === "unit" ? subject.unit : "the target's new tip";
}

function waitsForPerson(state: RunState): Stuck[] {
  const paused: Stuck[] =
    state.at.phase === "paused"
      ? [{ who: "run", why: "paused; `pleach resume` goes on", needsPerson: true }]
      : [];
  const asked = openApprovals(state).map(({ id, who, what }): Stuck => {
    const why = `${what}: waits for \`pleach approve ${oneLine(id)}\``;
    return { who, why, needsPerson: true };
  });
  return [...paused, ...asked];
}

function isBusy(state: RunState, now: number): Stuck[] {
  const busy: { since: number; stuck: Stuck }[] = [];
  for (const { id, at, attempts } of state.units) {
    if (at.phase !== "running") continue;
    const detail = runningDetail(at.since, now, { stopping: at.stopping, lost: at.lost });
    const why = `attempt ${attempts} ${detail}`;
    busy.push({ since: at.since, stuck: { who: id, why, needsPerson: false } });
  }
  for (const [who, checking] of checksRunning(state)) {
    const why = mergingDetail(checking, now);
    busy.push({ since: checking.since, stuck: { who, why, needsPerson: false } });
  }
  return busy.sort((a, b) => a.since - b.since).map((one) => one.stuck);
}

function checksRunning(state: RunState): [string, Checking][] {
  const merge = state.merge?.checking;
  const done = state.completion?.checking;
  return [
    ...(state.merge && merge
      ? [[saySubject(state.merge.subject), merge] as [string, Checking]]
      : []),
    ...(done ? [["done when", done] as [string, Checking]] : []),
  ];
}

function runningDetail(
  since: number,
  now: number,
  how: { readonly stopping: StopWhy | undefined; readonly lost: boolean },
): string {
  if (how.lost) return cutOff;
  const time = sayDuration(now - since);
  return how.stopping === undefined
    ? `works for ${time}`
    : `is being stopped, ${sayStopWhy(how.stopping)}`;
}

function mergingDetail(checking: Checking | undefined, now: number): string {
  if (!checking) return "is being merged";
  return `check ${oneLine(checking.name)} runs for ${sayDuration(now - checking.since)}`;
}
