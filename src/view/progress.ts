/** The story of a run while it happens: one plain line for each event that matters, the same on a terminal and in a log file. */

import type { Question } from "../core/desk.ts";
import type {
  AttemptOutcome,
  JournalLine,
  MergeOutcome,
  MergeSubject,
  RunEvent,
} from "../core/event.ts";
import { unreachable } from "../core/failure.ts";
import type { UnitId } from "../core/id.ts";
import { unitPositions } from "../core/plan.ts";
import type { RunState } from "../core/run.ts";
import { displayWidth, fitWidth, oneLine, padWidth } from "../core/text.ts";
import { shortName } from "./document.ts";
import { sayEstimate } from "./estimate.ts";
import { sayRefusal } from "./landing.ts";
import { sayStopWhy, saySubject } from "./stuck.ts";
import { countStatuses, sayCounts } from "./unit-status.ts";
import {
  sayCheckMessage,
  sayCount,
  sayDuration,
  sayList,
  sayReason,
  sayTime,
  shortSha,
} from "./words.ts";

export interface ProgressLook {
  /** Also what is dull: green checks, merges begun. */
  readonly verbose: boolean;
}

const whoCellsMax = 24;

/** `12:03:04 operators  attempt 1 started`; nothing for an event that is not worth a line. `state` is that after the event. */
export function progressLine(
  line: JournalLine,
  state: RunState,
  look: ProgressLook,
): string | undefined {
  const said = sayEvent(line.event, state, look);
  if (said === undefined) return undefined;
  const [who, what] = said;
  const cells = whoCells(state);
  return `${sayTime(line.at)} ${padWidth(fitWidth(oneLine(who), cells), cells)}  ${oneLine(what)}`;
}

const widths = new WeakMap<object, number>();

function whoCells(state: RunState): number {
  const known = widths.get(state.plan);
  if (known !== undefined) return known;
  const widest = state.plan.units.reduce((most, { id }) => Math.max(most, displayWidth(id)), 6);
  const cells = Math.min(whoCellsMax, widest);
  widths.set(state.plan, cells);
  return cells;
}

type Said = readonly [who: string, what: string];

function sayEvent(event: RunEvent, state: RunState, look: ProgressLook): Said | undefined {
  return (
    sayUnit(event, state) ??
    sayAgent(event, look) ??
    sayMerge(event, look) ??
    sayRun(event, state) ??
    sayLanding(event)
  );
}

function sayUnit(event: RunEvent, state: RunState): Said | undefined {
  switch (event.type) {
    case "approval-asked": {
      const { id, question } = event;
      const what = question === undefined ? "waits for approval" : sayQuestion(question);
      return [event.unit, `${what}: \`pleach approve ${id}\``];
    }
    case "approval-answered":
      return ["run", `${event.id} was ${event.answer}`];
    case "unit-started": {
      const { previous, reopened } = unitOf(state, event.unit) ?? {};
      if (reopened !== undefined) {
        return [event.unit, `attempt ${event.attempt} started: it goes on with what it was told`];
      }
      const after = previous === undefined ? "" : ` after ${sayReason(previous)}`;
      return [event.unit, `attempt ${event.attempt} started${after}`];
    }
    case "unit-stopping":
      return [event.unit, `attempt ${event.attempt} is being stopped, ${sayStopWhy(event.why)}`];
    case "unit-finished":
      return [event.unit, sayAttempt(event.outcome, goesAgain(state, event.unit))];
    case "unit-interrupted":
      return [event.unit, `attempt ${event.attempt} was cut off, what it left is kept`];
    case "unit-cancelled":
      return [event.unit, "cancelled"];
    default:
      return undefined;
  }
}

function sayQuestion({ agent, kind, content }: Question): string {
  switch (kind) {
    case "agent":
      return `${agent} waits for approval to begin (${content})`;
    case "tool":
      return `${agent} waits for approval to use ${content}`;
    case "question":
      return `${agent} asks: ${content}`;
    default:
      return unreachable(kind);
  }
}

function sayAgent(event: RunEvent, look: ProgressLook): Said | undefined {
  switch (event.type) {
    case "agent-started": {
      const how = event.queued ? "waits for its turn" : "began";
      return look.verbose ? [event.unit, `${event.agent} (${event.role}) ${how}`] : undefined;
    }
    case "agent-spent":
      return look.verbose
        ? [event.unit, `${event.agent}, turn ${event.turns}: ${event.said}`]
        : undefined;
    case "agent-finished":
      return look.verbose
        ? [event.unit, `${event.agent} ${event.status.replace("_", " ")}: ${event.message}`]
        : undefined;
    case "budget-warned":
      return [event.name, `most of the ${event.level}'s budget is spent`];
    case "claim-answered": {
      const { paths, answer, agent } = event;
      const said = answer.type === "granted" ? "was granted" : `was refused (${answer.why})`;
      return [event.unit, `${agent} ${said} ${sayList(paths, 3)}`];
    }
    case "message-sent":
      return [event.unit, `is told by ${event.from}: ${event.text}`];
    case "run-summarised":
      return look.verbose ? ["run", "summed up by a model"] : undefined;
    case "context-written":
      return look.verbose ? ["run", `${event.by} wrote ${event.key}`] : undefined;
    default:
      return undefined;
  }
}

function sayAttempt(outcome: AttemptOutcome, again: boolean): string {
  switch (outcome.type) {
    case "completed":
      return `worked, ${sayCount(outcome.changed.length, "file")} changed; waits in the merge queue`;
    case "refused":
      return `refused, ${sayReason(outcome.reason)}${again ? "; will be tried again" : ""}`;
    case "answered":
      return "has answered, and changed nothing";
    case "stopped":
      return "stopped, what it left is kept";
    case "parked":
      return "waits for an approval, what it left is kept";
    default:
      return unreachable(outcome);
  }
}

function sayMerge(event: RunEvent, look: ProgressLook): Said | undefined {
  switch (event.type) {
    case "merge-started":
      return look.verbose
        ? sayMerged(event.subject, `is merged onto ${shortSha(event.onto)}`)
        : undefined;
    case "check-started":
      return look.verbose ? ["check", `${event.name} on ${shortSha(event.commit)}`] : undefined;
    case "check-finished": {
      const { name, passed, seconds, message } = event.result;
      const time = sayDuration(seconds * 1000);
      if (passed) return look.verbose ? ["check", `${name} passed in ${time}`] : undefined;
      return [
        "check",
        `${name} failed after ${time}${message === undefined ? "" : `: ${sayCheckMessage(name, message)}`}`,
      ];
    }
    case "check-interrupted":
      return look.verbose ? ["check", "was cut off"] : undefined;
    case "merge-finished":
      return sayMerged(event.subject, sayMergeOutcome(event.outcome));
    default:
      return undefined;
  }
}

/** The column is as wide as the units' names: what is no unit is said in the line. */
function sayMerged(subject: MergeSubject, what: string): Said {
  return subject.type === "unit"
    ? [subject.unit, what]
    : ["land", `${saySubject(subject)} ${what}`];
}

function sayMergeOutcome(outcome: MergeOutcome): string {
  switch (outcome.type) {
    case "merged":
      return `merged as ${shortSha(outcome.commit)}`;
    case "conflict":
      return `conflict in ${sayList(outcome.paths, 3)}`;
    case "check_failed":
      return `not merged, ${sayReason(outcome.reason)}`;
  }
}

function sayRun(event: RunEvent, state: RunState): Said | undefined {
  switch (event.type) {
    case "run-started": {
      const target = shortName(event.settings.target);
      const units = sayCount(event.plan.units.length, "unit");
      const { base, estimate } = event.plan;
      const time = estimate === undefined ? "" : `; estimated ${sayEstimate(estimate)}`;
      return ["run", `${event.run}: ${units}, for ${target}, from ${shortSha(base)}${time}`];
    }
    case "run-resumed":
      // Of a finished run only a person's wish remains, and its own line says what comes of it.
      return state.at.phase === "finished"
        ? undefined
        : ["run", `${state.run} goes on: ${sayCounts(countStatuses(state))}`];
    case "round-started": {
      const units = sayCount(event.units.length, "unit");
      const { rounds } = state.settings.limits;
      return ["run", `round ${event.round} of ${rounds}: ${units} for what is left over`];
    }
    case "run-paused":
      return ["run", "paused: nothing new begins until `pleach resume`"];
    case "run-continued":
      return ["run", "goes on"];
    case "run-cancelled":
      return ["run", `cancelled: ${event.why}`];
    case "run-timed-out":
      return ["run", "out of time (`limits.runTimeout`)"];
    case "run-interrupted":
      return ["run", `interrupted: ${event.why}`];
    case "run-finished":
      return ["run", `${event.outcome.replaceAll("_", " ")}: ${sayCounts(countStatuses(state))}`];
    case "cleaned":
      return event.kept.length === 0
        ? undefined
        : ["clean", `kept ${sayKept(event.kept)}; \`pleach status\` names them`];
    default:
      return undefined;
  }
}

function sayLanding(event: RunEvent): Said | undefined {
  switch (event.type) {
    case "target-seen":
      if (event.tip === null) return ["land", "the target is gone"];
      return event.contained
        ? undefined
        : ["land", `the target moved to ${shortSha(event.tip)}; merging with it first`];
    case "landed":
      return [
        "land",
        `${shortName(event.target)}: ${shortSha(event.old)} → ${shortSha(event.new)}`,
      ];
    case "land-refused":
      return ["land", `not landed: ${sayRefusal(event.refusal, 5)}`];
    case "undone":
      return ["undo", `${shortName(event.target)} is at ${shortSha(event.old)} again`];
    case "undo-refused":
      return ["undo", `not taken back: ${sayRefusal(event.refusal, 5)}`];
    default:
      return undefined;
  }
}

function sayKept(kept: readonly string[]): string {
  const refs = kept.filter((where) => where.startsWith("refs/")).length;
  const others = kept.length - refs;
  return [
    ...(refs > 0 ? [sayCount(refs, "ref")] : []),
    ...(others > 0 ? [sayCount(others, "worktree")] : []),
  ].join(" and ");
}

function unitOf(state: RunState, id: UnitId) {
  const position = unitPositions(state.plan.units).get(id);
  return position === undefined ? undefined : state.units[position];
}

function goesAgain(state: RunState, id: UnitId): boolean {
  return unitOf(state, id)?.at.phase === "waiting";
}
