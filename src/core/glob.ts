/** Globs over repository paths, with picomatch's meaning (dot files count) but without its backtracking: plans and
 *  configs are hostile, and a regular expression with many stars takes for ever. Only globs with parentheses go to
 *  picomatch itself, under tight bounds. A leading `!` is not ours: lists of globs know exceptions, a glob does not. */
import picomatch from "picomatch";
import { messageOf } from "./failure.ts";
import { matchesSegments, parseSegments, type Segment } from "./glob-segment.ts";

export const globCharsMax = 4096;
const patternCharsMax = 1000;
const alternativesMax = 1000;
const nestingMax = 10;
const foreignCharsMax = 200;
const foreignWildcardsMax = 4;
const foreignPathCharsMax = 1024;

/** A glob is one or several of these, after its braces were spelt out. */
export type GlobAtom =
  | { readonly type: "path"; readonly path: string }
  | {
      readonly type: "pattern";
      /** The leading folders without any wildcard, `""` for the root. */
      readonly folder: string;
      /** Every matching path ends in this. */
      readonly tail: string;
      matches(path: string, parts: readonly string[]): boolean;
    };

export type ParsedGlob =
  | {
      readonly type: "glob";
      readonly atoms: readonly GlobAtom[];
      readonly texts: readonly string[];
    }
  | { readonly type: "invalid"; readonly why: string };

class InvalidGlob extends Error {}

export function parseGlob(text: string): ParsedGlob {
  if (text === "") return { type: "invalid", why: "is empty" };
  if (text.length > globCharsMax) {
    return { type: "invalid", why: `is longer than ${globCharsMax} characters` };
  }
  if (text.includes("\0")) return { type: "invalid", why: "holds a NUL character" };
  if (/(?<!\\)(?:\\\\)*\\$/.test(text)) return { type: "invalid", why: "ends in a lone \\" };
  const relative = text.startsWith("./") ? text.slice(2) : text;
  try {
    if (!hasWildcard(relative)) return literal(relative);
    if (relative.length > patternCharsMax) {
      return { type: "invalid", why: `has wildcards and more than ${patternCharsMax} characters` };
    }
    if (hasParenthesis(relative)) return { type: "glob", ...foreign(relative) };
    const texts = [...new Set(spellOut(relative, 0))];
    return { type: "glob", texts, atoms: texts.map(atomOf) };
  } catch (error) {
    if (error instanceof InvalidGlob) return { type: "invalid", why: error.message };
    throw error;
  }
}

/** A glob that matches exactly this path. */
export function escapeGlob(path: string): string {
  return path.replace(/[*?[\]{}()|"\\]/g, "\\$&").replace(/^!/, "\\!");
}

export function unescapeGlob(text: string): string {
  return text.replace(/\\(.)/gs, "$1");
}

function literal(text: string): ParsedGlob {
  const path = unescapeGlob(text);
  return { type: "glob", texts: [text], atoms: [{ type: "path", path }] };
}

function hasWildcard(text: string): boolean {
  return /[*?[{(]/.test(text.replace(/\\./gs, ""));
}

function hasParenthesis(text: string): boolean {
  return /\(/.test(text.replace(/\\./gs, "").replace(/\[[^\]/]+\]/g, ""));
}

function atomOf(text: string): GlobAtom {
  if (!hasWildcard(text)) return { type: "path", path: unescapeGlob(text) };
  const parsed = parseSegments(text);
  if (typeof parsed === "string") throw new InvalidGlob(parsed);
  const segments: readonly Segment[] = parsed;
  const folder: string[] = [];
  for (const segment of segments.slice(0, -1)) {
    if (segment.type !== "name") break;
    folder.push(segment.name);
  }
  const last = segments.at(-1);
  return {
    type: "pattern",
    folder: folder.join("/"),
    tail: last === undefined || last.type === "any" ? "" : last.tail,
    matches: (_, parts) => matchesSegments(segments, parts),
  };
}

/** Spells out braces and, as picomatch does, takes `[id]` for the class and for itself: `a{b,c}` → `ab`, `ac`. */
function spellOut(text: string, nesting: number): readonly string[] {
  if (nesting > nestingMax) throw new InvalidGlob("has braces nested too deeply");
  let made: readonly string[] = [""];
  let at = 0;
  while (at < text.length) {
    const token = tokenAt(text, at);
    at += token.length;
    const alternatives = token.alternatives.flatMap((alternative) =>
      token.nested ? spellOut(alternative, nesting + 1) : [alternative],
    );
    if (made.length * alternatives.length > alternativesMax) {
      throw new InvalidGlob(`stands for more than ${alternativesMax} alternatives`);
    }
    made = made.flatMap((head) => alternatives.map((alternative) => head + alternative));
  }
  return made;
}

interface Token {
  readonly length: number;
  readonly alternatives: readonly string[];
  readonly nested: boolean;
}

function tokenAt(text: string, at: number): Token {
  if (text[at] === "[") return classAt(text, at);
  if (text[at] === "{") return bracesAt(text, at);
  const plain = /^(?:\\.|[^\\[{])+/s.exec(text.slice(at))?.[0];
  // A lone \ at the end was refused; what an alternative ends in is taken as it is.
  if (plain === undefined) return { length: 1, alternatives: ["\\\\"], nested: false };
  return { length: plain.length, alternatives: [plain], nested: false };
}

function classAt(text: string, at: number): Token {
  const whole = /^\[[!^]?\]?(?:\\[^/]|[^\]\\/])*\]/.exec(text.slice(at))?.[0];
  if (whole === undefined)
    throw new InvalidGlob("has a [ that is never closed: write \\[ for itself");
  const body = whole.slice(1, -1);
  // Route files are called [id].ts and [...rest].ts.
  const aName = !/[-*+?.^${}(|)[\]\\!]/.test(body) || /^\.\.\.\w+$/.test(body);
  const alternatives = aName ? [escapeGlob(whole), whole] : [whole];
  return { length: whole.length, alternatives, nested: false };
}

function bracesAt(text: string, at: number): Token {
  const { commas, end } = marksOf(text, at);
  if (end < 0) throw new InvalidGlob("has a { that is never closed: write \\{ for itself");
  const length = end + 1 - at;
  const body = text.slice(at + 1, end);
  if (commas.length === 0) {
    const range = rangeOf(body);
    if (range !== undefined) return { length, alternatives: range, nested: false };
    return { length, alternatives: [`\\{${body}\\}`], nested: true };
  }
  const cuts = [at, ...commas, end];
  const alternatives = commas
    .map((comma, i) => text.slice((cuts[i] ?? at) + 1, comma))
    .concat(text.slice((commas.at(-1) ?? at) + 1, end));
  return { length, alternatives, nested: true };
}

/** The closing brace of the one at `at` (-1 without), and the commas that are its own. */
function marksOf(
  text: string,
  at: number,
): { readonly commas: readonly number[]; readonly end: number } {
  const commas: number[] = [];
  let depth = 0;
  for (const mark of text.slice(at).matchAll(/\\.|[{},]/gs)) {
    if (mark[0] === "{") depth += 1;
    if (mark[0] === "}") depth -= 1;
    if (depth === 0) return { commas, end: at + mark.index };
    if (mark[0] === "," && depth === 1) commas.push(at + mark.index);
  }
  return { commas, end: -1 };
}

/** `1..3` or `a..c`. */
function rangeOf(body: string): readonly string[] | undefined {
  const numbers = /^(\d{1,6})\.\.(\d{1,6})$/.exec(body);
  const letters = /^([a-zA-Z])\.\.([a-zA-Z])$/.exec(body);
  if (numbers === null && letters === null) return undefined;
  const ends = numbers
    ? [Number(numbers[1]), Number(numbers[2])]
    : [letters?.[1]?.charCodeAt(0) ?? 0, letters?.[2]?.charCodeAt(0) ?? 0];
  const [from, to] = [Math.min(...ends), Math.max(...ends)];
  if (to - from >= alternativesMax) {
    throw new InvalidGlob(`stands for more than ${alternativesMax} alternatives`);
  }
  return Array.from({ length: to - from + 1 }, (_, i) =>
    numbers ? String(from + i) : String.fromCharCode(from + i),
  );
}

/** Extended globs such as `!(*.test).ts`, given to picomatch, bounded so that backtracking stays small. */
function foreign(text: string): {
  readonly atoms: readonly GlobAtom[];
  readonly texts: readonly string[];
} {
  const bare = text.replace(/\\./gs, "");
  const wildcards = bare.match(/\*+\(?|[+!]\(/g)?.length ?? 0;
  if (text.length > foreignCharsMax || wildcards > foreignWildcardsMax || /\([^)]*\(/.test(bare)) {
    throw new InvalidGlob("has parentheses that are too complicated: write it with braces");
  }
  const matches = compileForeign(text);
  const parts = text.split("/");
  const first = parts.findIndex((part) => /[*?[{(]/.test(part.replace(/\\./gs, "")));
  const folder = unescapeGlob(parts.slice(0, first).join("/"));
  const atom: GlobAtom = {
    type: "pattern",
    folder,
    tail: "",
    matches: (path) => path.length <= foreignPathCharsMax && matches(path),
  };
  return { atoms: [atom], texts: [text] };
}

function compileForeign(text: string): (path: string) => boolean {
  try {
    return picomatch(text, { dot: true, nonegate: true, strictBrackets: true, flags: "s" });
  } catch (error) {
    throw new InvalidGlob(`cannot be understood: ${messageOf(error)}`);
  }
}
