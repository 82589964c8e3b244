/** A run as a person sees it on a terminal: who does what, what is stuck and why, where kept work is, what to type next. The
 *  summary at the end of a run is the same text. It reads the state alone, and everything from outside is made harmless. */
import type { CheckResult } from "../core/event.ts";
import { unreachable } from "../core/failure.ts";
import type { RunState, UnitState } from "../core/run.ts";
import { fitWidth, oneLine } from "../core/text.ts";
import { agentColumns, agentRows } from "./agents.ts";
import { contextLines } from "./approvals.ts";
import {
  completionResults,
  type ErrorFields,
  exitCodeOf,
  landingRefusal,
  outcomeOf,
  shortName,
  totalSpend,
} from "./document.ts";
import { sayComparison } from "./estimate.ts";
import { integrationBranch, mergedNothing, sayRefusal, sayUnmet } from "./landing.ts";
import { keptWork, nextSteps, sayLeft } from "./next.ts";
import { unitDetail, whatIsStuck } from "./stuck.ts";
import { type Cell, renderTable } from "./table.ts";
import { groupUnits } from "./unit-groups.ts";
import { countStatuses, sayCounts, sayStatus, type UnitStatus, unitStatus } from "./unit-status.ts";
import {
  type Colour,
  hasSpend,
  type Paint,
  sayCheckMessage,
  sayCount,
  sayDuration,
  saySpend,
  shortSha,
} from "./words.ts";

export interface StatusFacts {
  readonly now: number;
  /** Whether a process is at work on the run now. */
  readonly alive: boolean;
  readonly width: number;
  readonly paint: Paint;
  /** Where the run's journal and logs are. */
  readonly folder?: string | undefined;
  readonly error?: ErrorFields | undefined;
  /** Show what the agents share. */
  readonly context?: boolean;
}

const unitsShownMax = 40;
const agentsShownMax = 40;
const linesShownMax = 8;

export function statusView(state: RunState, given: StatusFacts): string {
  // Where nobody works, no time passes.
  const facts = given.alive ? given : { ...given, now: state.updatedAt };
  const parts = [
    headLines(state, facts),
    unitTable(state, facts),
    agentTable(state, facts),
    facts.context === true ? sharedLines(state) : [],
    stuckLines(state, facts),
    completionLines(state, facts),
    landingLines(state, facts),
    keptLines(state, facts),
    nextLines(state, facts),
    facts.folder === undefined ? [] : [`Journal and logs: ${oneLine(facts.folder)}`],
  ];
  const filled = parts.filter((lines) => lines.length > 0);
  return `${filled.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

/** One line for `-q`. */
export function statusLine(state: RunState, alive: boolean): string {
  return `${state.run} ${whereItStands(state, alive)}: ${sayCounts(countStatuses(state), { alive })}`;
}

/** The run's standing in a word or two: what it came to, or what it does. */
export function whereItStands(state: RunState, alive: boolean): string {
  switch (state.at.phase) {
    case "finished":
      return outcomeOf(state).replaceAll("_", " ");
    case "interrupted":
      return outcomeOf(state).replaceAll("_", " ");
    case "working":
      return alive ? "working" : "cut off";
    case "paused":
      return alive ? "paused" : "cut off while paused";
    default:
      return unreachable(state.at);
  }
}

export function colourOfStatus(status: UnitStatus): Colour | undefined {
  switch (status) {
    case "merged":
      return "green";
    case "failed":
    case "timed_out":
      return "red";
    case "awaiting_approval":
    case "cancelled":
      return "yellow";
    case "running":
    case "merging":
      return "cyan";
    case "pending":
    case "queued":
    case "completed":
      return undefined;
    default:
      return unreachable(status);
  }
}

function headLines(state: RunState, { alive, width, paint, now }: StatusFacts): string[] {
  const stands = whereItStands(state, alive);
  const colour = standingColour(state, alive);
  const ms = state.activeMs + (alive ? Math.max(0, now - state.updatedAt) : 0);
  const compared = sayComparison(state);
  const facts = [
    `target ${oneLine(shortName(state.settings.target))}`,
    `base ${shortSha(state.plan.base)}`,
    sayDuration(ms),
    sayChecks(state),
    ...(state.rounds === 0 ? [] : [sayRounds(state)]),
    ...(hasSpend(totalSpend(state)) ? [saySpend(totalSpend(state))] : []),
  ];
  return [
    `${paint("bold", `Run ${state.run}`)}  ${paint(colour, stands)}`,
    ...(state.plan.goal === "" ? [] : [fitWidth(oneLine(state.plan.goal), width)]),
    paint("dim", facts.join(" · ")),
    ...(alive || compared === undefined ? [] : [paint("dim", compared)]),
    sayCounts(countStatuses(state), { alive }),
  ];
}

function standingColour(state: RunState, alive: boolean): Colour {
  if (state.at.phase !== "finished") return alive ? "cyan" : "yellow";
  return exitCodeOf(state) === 0 ? "green" : "red";
}

/** `round 1 of 2`: of the units that are made for what is left over. */
export function sayRounds({ rounds, settings }: RunState): string {
  return `round ${rounds} of ${settings.limits.rounds}`;
}

function sayChecks(state: RunState): string {
  const { run, reused } = state.checks;
  return `${sayCount(run, "check run")}${reused === 0 ? "" : `, ${reused} reused`}`;
}

function unitTable(state: RunState, facts: StatusFacts): string[] {
  const { shown, rest } = groupUnits(state, unitsShownMax);
  const spent = state.units.some((unit) => hasSpend(unit.spend));
  const header = ["unit", "status", "tries", "time", ...(spent ? ["spend"] : []), "what"];
  const rows = shown.map((unit) => unitRow(state, unit, { ...facts, spent }));
  const table = rows.length === 0 ? [] : [renderTable(header, rows, facts)];
  return [...table, ...rest.map((line) => facts.paint("dim", line))];
}

function agentTable(state: RunState, facts: StatusFacts): string[] {
  const { now, alive } = facts;
  const { rows, more } = agentRows(state, { now, alive, rowsMax: agentsShownMax });
  if (rows.length === 0) return [];
  const rest = more === 0 ? [] : [facts.paint("dim", `and ${sayCount(more, "more agent")}`)];
  return [renderTable(agentColumns, rows, facts), ...rest];
}

function sharedLines(state: RunState): string[] {
  const lines = contextLines(state);
  if (lines.length === 0) return ["Shared context: nothing yet"];
  return ["Shared context:", ...lines.map((line) => `  ${line}`)];
}

function unitRow(
  state: RunState,
  unit: UnitState,
  how: { readonly now: number; readonly alive: boolean; readonly spent: boolean },
): Cell[] {
  const status = unitStatus(state, unit);
  const working = unit.at.phase === "running" && !unit.at.lost ? how.now - unit.at.since : 0;
  const ms = unit.workedMs + Math.max(0, working);
  return [
    { text: unit.id },
    { text: sayStatus(status, how), colour: colourOfStatus(status) },
    { text: String(unit.attempts) },
    { text: ms === 0 ? "" : sayDuration(ms) },
    ...(how.spent ? [{ text: hasSpend(unit.spend) ? saySpend(unit.spend) : "" }] : []),
    { text: unitDetail(state, unit, how) },
  ];
}

function stuckLines(state: RunState, facts: StatusFacts): string[] {
  if (!facts.alive) return [];
  const stuck = whatIsStuck(state, facts.now);
  if (stuck.length === 0) return [];
  const shown = stuck.slice(0, linesShownMax);
  const more = stuck.length - shown.length;
  return [
    "Waiting for:",
    ...shown.map(({ who, why }) => `  ${oneLine(who)}: ${why}`),
    ...(more > 0
      ? [`  and ${more} more: \`pleach status --json ${state.run}\` tells of every unit`]
      : []),
  ];
}

function completionLines(state: RunState, { paint }: StatusFacts): string[] {
  const done = completionResults(state);
  if (done.length === 0 || (state.completion === undefined && state.at.phase !== "finished")) {
    return [];
  }
  return ["Done when:", ...done.map((one) => `  ${completionLine(one, paint)}`)];
}

function completionLine(
  { name, result }: { readonly name: string; readonly result: CheckResult | undefined },
  paint: Paint,
): string {
  if (result === undefined) return `${oneLine(name)}: ${paint("yellow", "not asked")}`;
  if (result.passed) return `${oneLine(name)}: ${paint("green", "holds")}`;
  const { message } = result;
  const why = message === undefined ? "" : `, ${oneLine(sayCheckMessage(name, message))}`;
  return `${oneLine(name)}: ${paint("red", "does not hold")}${why}`;
}

function landingLines(state: RunState, { paint, error }: StatusFacts): string[] {
  const target = oneLine(shortName(state.settings.target));
  const refusal = landingRefusal(state);
  const said =
    error === undefined ? [] : [paint("red", `Ended by an error: ${oneLine(error.message)}`)];
  const { landing } = state;
  if (refusal) {
    const why = oneLine(sayRefusal(refusal, 10));
    return [...said, paint("red", `Not landed on ${target}. ${why}`)];
  }
  switch (landing.phase) {
    case "landed": {
      const unmet = sayUnmet(state);
      const though = unmet === undefined ? "" : paint("yellow", `, though ${unmet}`);
      const moved = `${shortSha(landing.old)} → ${shortSha(landing.new)}`;
      return [...said, `${paint("green", `Landed on ${target}: ${moved}`)}${though}`];
    }
    case "undone":
      return [...said, `Landing taken back: ${target} is at ${shortSha(landing.old)} again`];
    case "undo_refused":
      return [...said, paint("red", `Not taken back: ${oneLine(sayRefusal(landing.refusal, 10))}`)];
    default:
      return state.at.phase === "finished" ? [...said, notLandedLine(state)] : said;
  }
}

function notLandedLine(state: RunState): string {
  if (mergedNothing(state)) return "Nothing was merged.";
  const branch = integrationBranch(state);
  return branch === undefined
    ? "Nothing landed."
    : `Nothing landed; what is merged is on ${branch} (${shortSha(state.integration)})`;
}

function keptLines(state: RunState, { folder }: StatusFacts): string[] {
  if (state.at.phase === "working" || state.at.phase === "paused") return [];
  const kept = keptWork(state);
  if (kept.length === 0) return [];
  const lines = kept.slice(0, linesShownMax).map((one) => {
    const besides =
      one.left.length === 0 ? "" : `; no commit can hold ${sayLeft(one, { folder, namedMax: 5 })}`;
    return `  ${oneLine(one.who)}: ${oneLine(one.where)}${oneLine(besides)}`;
  });
  const more = kept.length - lines.length;
  return [
    "Kept work:",
    ...lines,
    ...(more > 0 ? [`  and ${more} more: \`pleach report ${state.run}\` names all`] : []),
  ];
}

function nextLines(state: RunState, { alive, paint }: StatusFacts): string[] {
  const steps = nextSteps(state, { alive }).slice(0, linesShownMax);
  if (steps.length === 0) return [];
  return [
    "Next:",
    ...steps.map(({ command, why }) => `  ${paint("bold", oneLine(command))}  ${oneLine(why)}`),
  ];
}
