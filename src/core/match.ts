/** What is looked for in the files of a commit, and what was found there. Values only: the looking itself is done in child
 *  processes, by work/match.ts. */
import type { Glob, RepoPath } from "./id.ts";
import { fitWidth, oneLine } from "./text.ts";

export type Match =
  /** The text of an ast-grep rule file; `name` is what a person calls it. */
  | { readonly type: "rule"; readonly name: string; readonly text: string }
  /** ast-grep's pattern, in the languages of these names. */
  | { readonly type: "pattern"; readonly pattern: string; readonly languages: readonly string[] }
  /** JavaScript's regular expression, held against a file as a whole; `^` and `$` are those of a line. */
  | { readonly type: "regex"; readonly source: string; readonly flags: string };

/** A rule that must find nothing: judged by our own program on what git holds, never by a command of the repository. */
export interface MatchCheck {
  readonly name: string;
  readonly match: Match;
  /** Where it looks; everywhere if there are none. */
  readonly files: readonly Glob[];
  readonly timeoutMs: number;
}

export interface FoundPlace {
  /** From 1. */
  readonly line: number;
  /** What stands in the line, shortened. */
  readonly text: string;
}

export interface FoundFile {
  readonly path: RepoPath;
  /** How many there are. */
  readonly count: number;
  /** The first lines in which there are some. */
  readonly places: readonly FoundPlace[];
}

/** Those of a pattern that names none: each file is read in its own. */
export const patternLanguages: readonly string[] = ["TypeScript", "Tsx", "JavaScript"];

/** Named of one file. */
export const placesMax = 20;
/** Named in all: a journal and a task stay readable. */
export const placesNamedMax = 2000;
export const placeCharsMax = 160;
const nameCellsMax = 80;
/** Of a unit's instructions. */
const linesMax = 200;

export function matchName(match: Match): string {
  switch (match.type) {
    case "rule":
      return fitWidth(oneLine(match.name), nameCellsMax);
    case "pattern":
      return fitWidth(oneLine(match.pattern), nameCellsMax);
    case "regex":
      return fitWidth(oneLine(`/${match.source}/${match.flags}`), nameCellsMax);
  }
}

export function countPlaces(files: readonly FoundFile[]): number {
  return files.reduce((sum, { count }) => sum + count, 0);
}

/** The same files, of which no more places are named than a journal should hold. */
export function boundPlaces(files: readonly FoundFile[]): readonly FoundFile[] {
  let left = placesNamedMax;
  return files.map((file) => {
    const places = file.places.slice(0, left);
    left -= places.length;
    return { ...file, places };
  });
}

const placesHeading = "The places, each with its line as it was found (quoted from the files):";

/** Instructions with the places that they are about. */
export function withPlaces(instructions: string, files: readonly FoundFile[]): string {
  return `${instructions}\n\n${placesHeading}\n\n${placesText(files)}`;
}

/** The same without places that were true of an older commit. */
export function withoutPlaces(instructions: string): string {
  const at = instructions.indexOf(`\n\n${placesHeading}\n\n`);
  return at < 0 ? instructions : instructions.slice(0, at);
}

/** Each file with its places. What is quoted is the repository's text, so every line of it stands behind the number of its line
 *  and can be taken for nothing else. */
function placesText(files: readonly FoundFile[]): string {
  const lines = files.flatMap((file) => [
    `${oneLine(file.path)} (${sayPlaces(file.count)})`,
    ...file.places.map(({ line, text }) => `  ${line}: ${oneLine(text)}`),
  ]);
  const shown = lines.slice(0, linesMax);
  const more = lines.length - shown.length;
  return [...shown, ...(more > 0 ? [`… and ${more} lines more like these`] : [])].join("\n");
}

export function sayPlaces(count: number): string {
  return `${count} place${count === 1 ? "" : "s"}`;
}
