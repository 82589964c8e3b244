/** The report of a run: what became of every unit and why, what was checked, what landed, where the rest is kept and how to take
 *  it all back. Markdown for people, JSON for programs; both are made from the journal alone. */
import type { CheckResult, JournalLine, Refusal } from "../core/event.ts";
import type { RunState, UnitState } from "../core/run.ts";
import { type AttemptStory, attemptStories } from "./attempts.ts";
import {
  completionResults,
  type FinalDocument,
  finalDocument,
  landingRefusal,
  reasonOf,
  shortName,
  totalSpend,
  type UnitDocument,
} from "./document.ts";
import { sayComparison } from "./estimate.ts";
import { integrationBranch, mergedNothing, sayRefusal, sayUnmet } from "./landing.ts";
import { code, codeBlock, plain, tableOf } from "./markdown.ts";
import { keptWork, leftByMerged, nextSteps, sayLeft } from "./next.ts";
import { agentSections, sayCached } from "./report-agents.ts";
import { sayRounds, whereItStands } from "./status.ts";
import { countStatuses, sayCounts, sayStatus, unitStatus } from "./unit-status.ts";
import {
  hasSpend,
  isNamed,
  sayCheckMessage,
  sayCount,
  sayDuration,
  sayLines,
  sayMoment,
  sayReason,
  saySpend,
  shortSha,
} from "./words.ts";

export interface ReportFacts {
  readonly alive: boolean;
  /** Where the run's journal and logs are. */
  readonly folder: string;
}

export interface ReportDocument extends FinalDocument {
  readonly folder: string;
  readonly units: readonly (UnitDocument & { readonly history: readonly AttemptStory[] })[];
}

const pathsShownMax = 50;

export function reportDocument(
  state: RunState,
  lines: readonly JournalLine[],
  facts: ReportFacts,
): ReportDocument {
  const stories = storiesByUnit(lines);
  const document = finalDocument(state, facts);
  return {
    ...document,
    folder: facts.folder,
    units: document.units.map((unit) => ({ ...unit, history: stories.get(unit.id) ?? [] })),
  };
}

export function reportMarkdown(
  state: RunState,
  lines: readonly JournalLine[],
  facts: ReportFacts,
): string {
  const stories = storiesByUnit(lines);
  const parts = [
    `# Run ${code(state.run)}: ${whereItStands(state, facts.alive)}`,
    summary(state, facts),
    section("Units", unitTable(state, facts)),
    ...agentSections(state, facts).map(([title, body]) => section(title, body)),
    section("Refusals", refusals(state, stories)),
    section("Checks", checks(state, lines)),
    section("Landing", landing(state)),
    section("Kept work", kept(state, facts)),
    section("Logs", `Journal, tasks, results and logs are in ${code(facts.folder)}.`),
    section("What to do next", next(state, facts)),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function section(title: string, body: string): string {
  return body === "" ? "" : `## ${title}\n\n${body}`;
}

function summary(state: RunState, facts: ReportFacts): string {
  const spend = totalSpend(state);
  const compared = sayComparison(state);
  const rows = [
    ["Goal", plain(state.plan.goal)],
    ["Target", code(shortName(state.settings.target))],
    ["Base", code(state.plan.base)],
    ["Result", result(state)],
    ["Units", sayCounts(countStatuses(state), facts)],
    ["Started", sayMoment(state.startedAt)],
    ["Time", `${sayDuration(state.activeMs)} of running`],
    ...(compared === undefined ? [] : [["Estimate", plain(compared)]]),
    [
      "Checks",
      `${sayCount(state.checks.run, "run")}, ${state.checks.reused} reused, ${sayDuration(state.checks.ms)}`,
    ],
    ...(state.rounds === 0 ? [] : [["What was left over", sayRounds(state)]]),
    ...(hasSpend(spend) ? [["Spend", plain([saySpend(spend), sayCached(state)].join(", "))]] : []),
    ["Made by", `Pleach ${plain(state.version)}`],
  ];
  return tableOf(["", ""], rows);
}

function result(state: RunState): string {
  if (mergedNothing(state)) return "Nothing was merged.";
  const branch = integrationBranch(state);
  return branch === undefined
    ? code(state.integration)
    : `${code(state.integration)} on ${code(branch)}`;
}

function unitTable(state: RunState, facts: ReportFacts): string {
  const rows = state.units.map((unit, position) => {
    const commit = unit.at.phase === "merged" && unit.at.commit !== undefined;
    return [
      code(unit.id),
      plain(state.plan.units[position]?.title ?? ""),
      sayStatus(unitStatus(state, unit), facts),
      String(unit.attempts),
      sayDuration(unit.workedMs),
      String(unit.changed.length),
      commit && unit.at.commit ? code(shortSha(unit.at.commit)) : "",
      plain(saidBy(unit)),
    ];
  });
  return tableOf(["Unit", "Title", "Status", "Tries", "Time", "Files", "Merge", "What"], rows);
}

function saidBy(unit: UnitState): string {
  const reason = unit.at.phase === "merged" ? undefined : reasonOf(unit);
  const said = reason === undefined ? sayLines(unit.summary) : sayReason(reason);
  return said.length > 300 ? `${said.slice(0, 300)}…` : said;
}

type Stories = ReadonlyMap<string, readonly AttemptStory[]>;

function storiesByUnit(lines: readonly JournalLine[]): Stories {
  const stories = new Map<string, AttemptStory[]>();
  for (const story of attemptStories(lines)) {
    const known = stories.get(story.unit);
    if (known) known.push(story);
    else stories.set(story.unit, [story]);
  }
  return stories;
}

/** Why every attempt that was refused was refused, and every unit that never began. */
function refusals(state: RunState, stories: Stories): string {
  return state.units
    .flatMap((unit) => {
      const refused = (stories.get(unit.id) ?? []).filter(({ reason }) => reason !== undefined);
      const texts = refused.map(refusedAttempt);
      const end = unit.at.phase === "merged" ? undefined : reasonOf(unit);
      const told = refused.some(({ reason }) => reason?.type === end?.type);
      return end === undefined || told
        ? texts
        : [...texts, `- ${code(unit.id)}: ${plain(sayReason(end))}`];
    })
    .join("\n");
}

function refusedAttempt(story: AttemptStory): string {
  const { reason } = story;
  if (!reason) return "";
  const lines = [
    `- ${code(story.unit)}, attempt ${story.attempt}: ${plain(`${reason.type.replaceAll("_", " ")}: ${reason.message}`)}`,
    ...pathLines(reason.paths),
    ...(reason.log === undefined ? [] : [`  - log: ${code(reason.log)}`]),
    ...(reason.tail === undefined || reason.tail === ""
      ? []
      : ["", indented(codeBlock(reason.tail)), ""]),
  ];
  return lines.join("\n");
}

function pathLines(paths: readonly string[]): string[] {
  const more = paths.length - pathsShownMax;
  return [
    ...paths.slice(0, pathsShownMax).map((path) => `  - ${code(path)}`),
    ...(more > 0 ? [`  - and ${more} more`] : []),
  ];
}

function indented(block: string): string {
  return block.replace(/^/gm, "  ");
}

function checks(state: RunState, lines: readonly JournalLine[]): string {
  const byName = new Map<string, CheckResult[]>();
  for (const { event } of lines) {
    if (event.type !== "check-finished") continue;
    byName.set(event.result.name, [...(byName.get(event.result.name) ?? []), event.result]);
  }
  const rows = [...byName].map(([name, results]) => {
    const red = results.filter(({ passed }) => !passed).length;
    const ms = results.reduce((sum, { seconds }) => sum + seconds * 1000, 0);
    return [plain(name), String(results.length), String(red), sayDuration(ms)];
  });
  const done = completionResults(state).map(({ name, result }) => {
    if (result === undefined) return `- ${plain(name)}: not asked`;
    if (result.passed) return `- ${plain(name)}: holds`;
    const { message } = result;
    const why = message === undefined ? "" : `, ${plain(sayCheckMessage(name, message))}`;
    return `- ${plain(name)}: **does not hold**${why}`;
  });
  const table =
    rows.length === 0
      ? "No check was run on a merged tree."
      : tableOf(["Check", "Runs", "Red", "Time"], rows);
  return done.length === 0 ? table : `${table}\n\nDone when:\n\n${done.join("\n")}`;
}

function landing(state: RunState): string {
  const target = code(shortName(state.settings.target));
  const refusal = landingRefusal(state);
  const asked = `Asked for: ${code(state.settings.land)}.`;
  if (refusal) {
    return [
      `${asked} Not landed on ${target}: ${plain(refusal.message)}`,
      ...pathsNotTold(refusal).map((path) => `- ${code(path)}`),
    ].join("\n\n");
  }
  const at = state.landing;
  if (at.phase === "landed") {
    const unmet = sayUnmet(state);
    const though = unmet === undefined ? "" : `, though ${plain(unmet)}`;
    return `${asked} ${target} moved from ${code(at.old)} to ${code(at.new)}${though}. Undo: ${code(`pleach undo ${state.run}`)}.`;
  }
  if (at.phase === "undone")
    return `${asked} Landed, and taken back: ${target} is at ${code(at.old)} again.`;
  if (at.phase === "undo_refused") {
    return `${asked} Landed as ${code(at.new)}; it could not be taken back: ${plain(sayRefusal(at.refusal, pathsShownMax))}`;
  }
  return `${asked} ${mergedNothing(state) ? "Nothing was merged." : "Nothing landed."}`;
}

/** All of them where the message leaves one out. */
function pathsNotTold({ message, paths }: Refusal): readonly string[] {
  return paths.every((path) => isNamed(path, message)) ? [] : paths;
}

function kept(state: RunState, { folder }: ReportFacts): string {
  const say = (one: Parameters<typeof sayLeft>[0]) =>
    plain(sayLeft(one, { folder, namedMax: pathsShownMax }));
  return [
    ...keptWork(state).map((one) => {
      const besides = one.left.length === 0 ? "" : `; no commit can hold ${say(one)}`;
      return `- ${plain(one.who)}: ${code(one.where)}${besides}`;
    }),
    ...leftByMerged(state).map(
      (one) => `- ${plain(one.who)} is merged without what no commit can hold: ${say(one)}`,
    ),
  ].join("\n");
}

function next(state: RunState, facts: ReportFacts): string {
  return nextSteps(state, facts)
    .map(({ command, why }) => `- ${code(command)} ${plain(why)}`)
    .join("\n");
}
