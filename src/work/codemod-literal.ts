/** What text a file must hold for a rule to match anywhere in it. Looking for a few bytes is a hundred times faster than
 *  parsing, so files without them are left alone unparsed. Only what is certain is said: "cannot tell" means parse. */
import type { SyntaxLibrary, SyntaxNode } from "./codemod-library.ts";
import { isObject } from "./codemod-matcher.ts";
import type { Matcher } from "./codemod-rule.ts";

/** A file without any of these texts holds no match; undefined where that cannot be told. */
export type Needed = readonly string[] | undefined;

type Values = Readonly<Record<string, unknown>>;

/** In other languages a pattern's `$` is replaced before it is parsed, which is not known here. */
const dollarLanguages = ["TypeScript", "Tsx", "JavaScript"];
const lengthMin = 2;
const alternativesMax = 20;
const depthMax = 50;

export function neededTexts(matcher: Matcher, language: string, library: SyntaxLibrary): Needed {
  const utils = matcher.utils ?? {};
  return neededBy(matcher.rule, { utils, language, library }, 0);
}

interface Setting {
  readonly utils: Values;
  readonly language: string;
  readonly library: SyntaxLibrary;
}

/** All parts of a rule must hold, so the part that is rarest in files speaks for the whole. A related node (`inside`,
 *  `has`, …) is in the same file. What `not` says is no need. */
function neededBy(rule: unknown, setting: Setting, depth: number): Needed {
  if (!isObject(rule) || depth > depthMax) return undefined;
  const deeper = (entry: unknown) => neededBy(entry, setting, depth + 1);
  const { pattern, regex, all, any, matches, inside, has, precedes, follows } = rule as Record<
    string,
    unknown
  >;
  const needs: Needed[] = [
    patternNeeds(pattern, setting),
    regexNeeds(regex),
    ...[inside, has, precedes, follows].map(deeper),
    ...(Array.isArray(all) ? all.map(deeper) : []),
    Array.isArray(any) ? oneOf(any.map(deeper)) : undefined,
    typeof matches === "string" ? deeper(setting.utils[matches]) : undefined,
  ];
  return needs.reduce(rarer, undefined);
}

function oneOf(needs: readonly Needed[]): Needed {
  const texts: string[] = [];
  for (const need of needs) {
    if (need === undefined) return undefined;
    texts.push(...need);
  }
  return texts.length > 0 && texts.length <= alternativesMax ? texts : undefined;
}

/** Longer texts are taken to be rarer. */
function rarer(a: Needed, b: Needed): Needed {
  if (a === undefined || b === undefined) return a ?? b;
  return shortest(a) >= shortest(b) ? a : b;
}

function shortest(texts: readonly string[]): number {
  return Math.min(...texts.map((text) => text.length));
}

/** The leaves of a pattern's tree that hold no meta variable must be there letter by letter, under ast-grep's usual
 *  strictness and if the pattern is whole code rather than a part picked out of a context. */
function patternNeeds(pattern: unknown, { language, library }: Setting): Needed {
  if (typeof pattern !== "string" || !dollarLanguages.includes(language)) return undefined;
  const root = library.parse(language, pattern);
  if (root.find({ rule: { kind: "ERROR" } }) !== null) return undefined;
  const leaves: string[] = [];
  collectLeaves(root, leaves);
  const longest = leaves
    .filter((text) => text.length >= lengthMin && !/[$\s]/.test(text))
    .toSorted((a, b) => b.length - a.length)[0];
  return longest === undefined ? undefined : [longest];
}

function collectLeaves(node: SyntaxNode, leaves: string[]): void {
  // Comments in a pattern are not matched.
  if (String(node.kind()).includes("comment")) return;
  const children = node.children();
  if (children.length === 0) leaves.push(node.text());
  for (const child of children) collectLeaves(child, leaves);
}

/** Only an expression that is plain text, perhaps anchored. */
function regexNeeds(regex: unknown): Needed {
  if (typeof regex !== "string") return undefined;
  const text = regex.replace(/^\^/, "").replace(/\$$/, "").replaceAll("\\.", "\0");
  if (!/^[\w\0 /@:'"-]+$/.test(text) || text.length < lengthMin) return undefined;
  return [text.replaceAll("\0", ".")];
}
