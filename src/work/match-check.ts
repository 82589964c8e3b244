/** A rule of doneWhen as a check: it is red where the rule finds something in the merged tree, or where nobody can say. It runs no
 *  command and reads no checkout, so nothing that a worker left can change its answer. */
import { writeFile } from "node:fs/promises";
import { durationText } from "../core/duration.ts";
import type { CheckResult } from "../core/event.ts";
import type { RepoPath, Sha } from "../core/id.ts";
import { countPlaces, type FoundFile, type MatchCheck, sayPlaces } from "../core/match.ts";
import { oneLine, someOf } from "../core/text.ts";
import type { RefHome } from "../git/ref.ts";
import { type Found, findMatches, type Search, type SearchOutcome, textsAt } from "./match.ts";

export interface MatchCheckPlace {
  readonly home: RefHome;
  readonly commit: Sha;
  /** Where the run began: what was no text there need not be text now. */
  readonly base: Sha;
  readonly environment: Readonly<Record<string, string>>;
  /** Absolute path; its folder exists. */
  readonly logFile: string;
  /** How the result names that file. */
  readonly log: string;
}

const timerMsMax = 2 ** 31 - 1;
const namedMax = 3;
const tailCharsMax = 5000;

/** Settles soon after `signal` aborts, with whatever: whoever aborted it knows. */
export async function runMatchCheck(
  check: MatchCheck,
  place: MatchCheckPlace,
  signal: AbortSignal,
): Promise<CheckResult> {
  const { name, timeoutMs } = check;
  const begun = performance.now();
  const late = AbortSignal.timeout(Math.min(timeoutMs, timerMsMax));
  const seconds = () => (performance.now() - begun) / 1000;
  try {
    const found = await lookedFor(check, place, AbortSignal.any([signal, late]));
    await writeFile(place.logFile, found.text);
    const { wrong, left, text } = found;
    const facts = { name, seconds: seconds(), log: place.log };
    if (wrong === undefined) return { ...facts, passed: true };
    const message = `${oneLine(name)}: ${wrong}`;
    const over = left.length === 0 ? {} : { left };
    return { ...facts, passed: false, message, tail: text.slice(0, tailCharsMax), ...over };
  } catch (error) {
    if (!late.aborted && !signal.aborted) throw error;
    const message = `${oneLine(name)}: it took longer than ${durationText(timeoutMs)}`;
    return { name, passed: false, seconds: seconds(), message };
  }
}

interface LookedFor {
  /** What is wrong, in one line. */
  readonly wrong: string | undefined;
  readonly left: readonly FoundFile[];
  /** For the log. */
  readonly text: string;
}

async function lookedFor(
  { match, files }: MatchCheck,
  place: MatchCheckPlace,
  signal: AbortSignal,
): Promise<LookedFor> {
  const { home, commit, environment } = place;
  const search: Search = { match, files, environment };
  const outcome: SearchOutcome = await findMatches(home, commit, search, signal);
  if (outcome.type === "failed") {
    return { wrong: outcome.message, left: [], text: `${outcome.message}\n` };
  }
  const { found } = outcome;
  const hidden = [
    ...(await unreadSince(found, place, signal)),
    ...(await suppressedSince(found, search, place, signal)),
  ];
  const wrong = [...saidLeft(found.files), ...hidden];
  const lines = [...found.files.flatMap(placeLines), ...hidden];
  return {
    wrong: wrong.length === 0 ? undefined : wrong.join("; "),
    left: found.files,
    text: lines.map((line) => `${line}\n`).join(""),
  };
}

/** A text in which nobody can look any more may hold anything: what is made binary is not done with. */
async function unreadSince(
  { unread }: Found,
  { home, base }: MatchCheckPlace,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const paths = unread.map(({ path }) => path);
  const texts: ReadonlySet<RepoPath> = await textsAt(home, base, paths, signal);
  return unread.flatMap(({ path, why }) =>
    texts.has(path) ? [`${oneLine(path)} ${why} now`] : [],
  );
}

/** Nor is a place done with by a comment that keeps the rule off it, where there was none before. */
async function suppressedSince(
  { suppressed }: Found,
  search: Search,
  { home, base }: MatchCheckPlace,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (suppressed.size === 0) return [];
  const before = await findMatches(home, base, search, signal);
  const known = before.type === "found" ? before.found.suppressed : new Map<RepoPath, number>();
  return [...suppressed].sort().flatMap(([path, count]) => {
    const more = count - (known.get(path) ?? 0);
    return more > 0 ? [`${sayPlaces(more)} newly suppressed in ${oneLine(path)}`] : [];
  });
}

function saidLeft(files: readonly FoundFile[]): readonly string[] {
  if (files.length === 0) return [];
  const names = someOf(
    files.map(({ path }) => oneLine(path)),
    namedMax,
  );
  return [`${sayPlaces(countPlaces(files))} left over in ${names}`];
}

function placeLines({ path, count, places }: FoundFile): readonly string[] {
  const named = places.map(({ line, text }) => `${oneLine(path)}:${line}: ${oneLine(text)}`);
  return [...named, `${oneLine(path)}: ${sayPlaces(count)}`];
}
