/** Looking for a match in one text, in a child process: by ast-grep's rules or by a regular expression. It touches no disk. */
import { messageOf } from "../core/failure.ts";
import { type FoundPlace, type Match, placeCharsMax, placesMax } from "../core/match.ts";
import { loadLibrary, type SyntaxLibrary } from "./codemod-library.ts";
import type { TextSearched } from "./codemod-protocol.ts";
import type { Rule } from "./codemod-rule.ts";
import { libraryProblems, makeSelector, matchesIn } from "./codemod-select.ts";
import { rulesOfMatch } from "./match-rule.ts";

export interface Searcher {
  /** Of the files that can match; undefined where any can. */
  readonly extensions?: readonly string[];
  search(path: string, text: string): TextSearched;
}

export type LoadedSearcher =
  | { readonly type: "searcher"; readonly searcher: Searcher }
  | { readonly type: "problems"; readonly problems: readonly string[] };

const nothing: TextSearched = { state: "searched", count: 0, places: [] };

/** Once per process, as with ast-grep's library. */
export function loadSearcher(match: Match): LoadedSearcher {
  if (match.type === "regex") return regexSearcher(match);
  const read = rulesOfMatch(match);
  if (read.type === "problems") return read;
  const loaded = loadLibrary(read.rules.map(({ language }) => language));
  if (loaded.type === "problems") return loaded;
  const problems = libraryProblems(read.rules, loaded.library);
  if (problems.length > 0) return { type: "problems", problems };
  return { type: "searcher", searcher: ruleSearcher(read.rules, loaded.library) };
}

function ruleSearcher(rules: readonly Rule[], library: SyntaxLibrary): Searcher {
  const { rulesFor } = makeSelector(rules, library);
  return {
    extensions: library.extensionsOf(rules.map(({ language }) => language)),
    search: (path, text) => {
      const set = rulesFor(path);
      if (set === undefined || set.needed?.every((needed) => !text.includes(needed)))
        return nothing;
      const { matches, suppressed, unclean } = matchesIn(text, set, library);
      const starts = matches.map(({ span }) => span.start);
      const hushed = suppressed === 0 ? {} : { suppressed };
      return { ...found(text, starts), ...hushed, ...(unclean ? { unclean } : {}) };
    },
  };
}

function regexSearcher({ source, flags }: Extract<Match, { type: "regex" }>): LoadedSearcher {
  let regex: RegExp;
  try {
    regex = new RegExp(source, [...new Set(`${flags}gm`)].join(""));
  } catch (error) {
    return { type: "problems", problems: [messageOf(error)] };
  }
  if (regex.sticky) {
    return { type: "problems", problems: ["the flag y would find only what begins a file"] };
  }
  const search = (_: string, text: string) =>
    found(
      text,
      [...text.matchAll(regex)].map(({ index }) => index),
    );
  return { type: "searcher", searcher: { search } };
}

/** `starts` ascend. */
function found(text: string, starts: readonly number[]): typeof nothing {
  const places: FoundPlace[] = [];
  let line = 1;
  let counted = 0;
  for (const start of starts) {
    for (let at = text.indexOf("\n", counted); at >= 0 && at < start; ) {
      line += 1;
      counted = at + 1;
      at = text.indexOf("\n", counted);
    }
    if (places.at(-1)?.line === line) continue;
    if (places.length === placesMax) break;
    places.push({ line, text: lineAt(text, start) });
  }
  return { state: "searched", count: starts.length, places };
}

/** What of the line stands around the match. */
function lineAt(text: string, start: number): string {
  const begin = text.lastIndexOf("\n", start - 1) + 1;
  const end = text.indexOf("\n", start);
  const line = text.slice(begin, end < 0 ? text.length : end);
  const from =
    line.length <= placeCharsMax ? 0 : Math.min(start - begin, line.length - placeCharsMax);
  return line.slice(from, from + placeCharsMax).trim();
}
