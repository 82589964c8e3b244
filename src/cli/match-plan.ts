/** The plan of `--match`: the files in which a rule finds something at the base, weighed by how often, and the same rule as what must
 *  find nothing in the end. */
import path from "node:path";
import { defaultCheckTimeoutMs } from "../config/schema.ts";
import type { SizedFile } from "../core/estimate.ts";
import { Failure } from "../core/failure.ts";
import type { Glob, Sha } from "../core/id.ts";
import {
  countPlaces,
  type FoundFile,
  type Match,
  matchName,
  patternLanguages,
  sayPlaces,
  withPlaces,
} from "../core/match.ts";
import { literalPaths } from "../core/ownership.ts";
import type { PlanFile } from "../core/plan.ts";
import { problemsFailure } from "../core/problem.ts";
import type { SplitReport } from "../core/split-report.ts";
import { someOf } from "../core/text.ts";
import type { RefHome } from "../git/ref.ts";
import { readTextIfThere } from "../host/file.ts";
import type { Split } from "../plan/split.ts";
import { planFromFiles } from "../plan/static-planner.ts";
import { askMatchProblems, type Found, findMatches } from "../work/match.ts";
import type { RunRequest } from "./doors.ts";

export interface MatchPlan {
  readonly plan: PlanFile;
  /** How the files were split. */
  readonly report: SplitReport;
  /** What each file was weighed by in place of its size: a place is what is worked on, not the file around it. */
  readonly weights: ReadonlyMap<string, number>;
  readonly warnings: readonly string[];
}

export interface MatchFacts {
  readonly goal: string | undefined;
  readonly base: Sha;
  /** Seen from the repository's root. */
  readonly globs: readonly Glob[];
  /** Into units, by what the files weigh and what ties them together. */
  readonly split: (files: readonly SizedFile[]) => Promise<Split>;
}

/** A place weighs as much as opening a file does. */
const placeCost = 256;
const namedMax = 5;

/** Throws a usage Failure for a rule that is wrong, or that finds nothing at the base. */
export async function planOfMatches(
  home: RefHome,
  request: Pick<RunRequest, "dir" | "match" | "language" | "matchesStay">,
  facts: MatchFacts,
): Promise<MatchPlan> {
  const match = await readMatch(request);
  await requireMatches([{ field: "--match", match }], "the command line");
  const found = await findAtBase(home, match, facts);
  const name = matchName(match);
  if (found.files.length === 0) {
    const where = facts.globs.length === 0 ? "" : ` in ${facts.globs.join(" ")}`;
    // Whoever names a file is told also that it is a picture.
    const unread = facts.globs.length === 0 ? unreadNews(match, found) : found.unread;
    const blind = unread.length === 0 ? "" : `; ${sayUnread(unread)}`;
    throw new Failure(
      "usage",
      "no_matches",
      `nothing at the base matches ${name}${where}${blind}`,
      {
        advice: `there is nothing to be done, or ${howRead(match)}`,
      },
    );
  }
  const goal = facts.goal ?? `Leave nothing that ${name} finds`;
  const places = new Map<string, FoundFile>(found.files.map((file) => [file.path, file]));
  const weights = new Map(
    found.files.map(({ path, count }) => [path as string, count * placeCost]),
  );
  const split = await facts.split([...weights].map(([path, bytes]) => ({ path, bytes })));
  const plan = planFromFiles({
    split,
    goal,
    instructionsOf: (files) =>
      withPlaces(
        goal,
        files.flatMap((file) => places.get(file) ?? []),
      ),
  });
  const check = {
    name: `nothing left of ${name}`,
    match,
    files: facts.globs,
    timeoutMs: defaultCheckTimeoutMs,
  };
  const units = plan.units.map((unit) => {
    const own = literalPaths(unit.owns).flatMap((file) => places.get(file) ?? []);
    return { ...unit, title: withCount(unit.title, sayPlaces(countPlaces(own))) };
  });
  const doneWhen = request.matchesStay ? plan.doneWhen : [...plan.doneWhen, check];
  return {
    plan: { ...plan, units, doneWhen },
    report: split.report,
    weights,
    warnings: warningsOf(match, found),
  };
}

/** `src/cart (3 files, 7 places)`. */
function withCount(title: string, count: string): string {
  return title.endsWith(")") ? `${title.slice(0, -1)}, ${count})` : `${title} (${count})`;
}

/** Throws a usage Failure with all that is wrong with rules. */
export async function requireMatches(
  matches: readonly { readonly field: string; readonly match: Match }[],
  what: string,
): Promise<void> {
  const problems = [];
  for (const { field, match } of matches) {
    const told = await askMatchProblems(match, new AbortController().signal);
    problems.push(...told.map((message) => ({ field, message })));
  }
  if (problems.length === 0) return;
  throw problemsFailure(what === "the command line" ? "usage" : "plan_wrong", what, problems);
}

/** As people of git grep and ast-grep write it: a file of rules; what has ast-grep's variables, which in a regular expression could
 *  match nothing, since no letter stands behind the end of a line; any other text is a regular expression. */
async function readMatch({
  dir,
  match = "",
  language,
}: Pick<RunRequest, "dir" | "match" | "language">): Promise<Match> {
  if (language !== undefined) return { type: "pattern", pattern: match, languages: [language] };
  if (/\.ya?ml$/i.test(match) && !match.includes("\n")) {
    const text = await readTextIfThere(path.resolve(dir, match));
    if (text !== undefined) return { type: "rule", name: path.basename(match), text };
    throw new Failure("usage", "match_unreadable", `the rule file ${match} does not exist`, {
      advice: "name a file of ast-grep rules; a regular expression that ends so is written /…/",
    });
  }
  const spelt = /^\/(.+)\/([a-z]*)$/s.exec(match);
  if (spelt !== null) return { type: "regex", source: spelt[1] ?? "", flags: spelt[2] ?? "" };
  if (/(?<!\\)(?:\$[A-Z_]|\$\$\$)/.test(match)) {
    return { type: "pattern", pattern: match, languages: patternLanguages };
  }
  return { type: "regex", source: match, flags: "" };
}

async function findAtBase(
  home: RefHome,
  match: Match,
  { base, globs }: MatchFacts,
): Promise<Found> {
  const search = { match, files: globs, environment: {} };
  const outcome = await findMatches(home, base, search, new AbortController().signal);
  if (outcome.type === "found") return outcome.found;
  throw new Failure(
    "usage",
    "match_failed",
    `--match could not be looked for: ${outcome.message}`,
    {
      advice: "make the rule simpler, or leave the file out: --files '!…'",
    },
  );
}

function howRead(match: Match): string {
  switch (match.type) {
    case "rule":
      return "the rule says something else than is meant";
    case "pattern":
      return `--language names the language of the pattern (it was looked for in ${match.languages.join(", ")})`;
    case "regex":
      return "it was taken for a regular expression, and --language LANG makes it an ast-grep pattern";
  }
}

/** That an expression is not looked for in pictures is no news; that a source of the rule's language is unreadable, is. */
function unreadNews(match: Match, { unread }: Found): Found["unread"] {
  return match.type === "regex" ? unread.filter(({ why }) => why !== "is binary") : unread;
}

function sayUnread(unread: Found["unread"]): string {
  return `not looked into: ${named(unread.map(({ path: file, why }) => `${file} (${why})`))}`;
}

function warningsOf(match: Match, all: Found): readonly string[] {
  const { files, unclean } = all;
  const unread = unreadNews(match, all);
  const found = `${countPlaces(files)} places in ${files.length} files match`;
  const parts = [
    ...(unread.length === 0 ? [] : [sayUnread(unread)]),
    ...(unclean.length === 0 ? [] : [`could not be parsed as a whole: ${named(unclean)}`]),
  ];
  return parts.map((part) => `${found}; ${part}`);
}

function named(names: readonly string[]): string {
  return someOf(names, namedMax);
}
