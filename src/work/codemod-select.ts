/** Which rules look at a file, and where in its text they match. It touches no disk. */
import picomatch from "picomatch";
import type { Span } from "./codemod-fix.ts";
import type { SyntaxLibrary, SyntaxNode } from "./codemod-library.ts";
import { type Needed, neededTexts } from "./codemod-literal.ts";
import type { Rule, RuleGlob } from "./codemod-rule.ts";
import { readSuppressions } from "./codemod-suppression.ts";

export interface Selector<T extends Rule> {
  /** The rules that look at this path, undefined if none does. */
  rulesFor(path: string): RuleSet<T> | undefined;
}

export interface RuleSet<T extends Rule> {
  readonly language: string;
  readonly rules: readonly T[];
  /** A file with none of these texts needs no parsing. */
  readonly needed: Needed;
}

export interface RuleMatch<T extends Rule> {
  readonly rule: T;
  readonly node: SyntaxNode;
  readonly span: Span;
}

export interface Matched<T extends Rule> {
  /** In the order of the text, without what the file's author keeps the rules off. */
  readonly matches: readonly RuleMatch<T>[];
  /** How many its author keeps the rules off. */
  readonly suppressed: number;
  /** Parts of the file could not be parsed, so matches may have been missed. */
  readonly unclean: boolean;
}

interface ReadyRule<T extends Rule> {
  readonly rule: T;
  readonly needed: Needed;
  applies(path: string): boolean;
}

export function makeSelector<T extends Rule>(
  rules: readonly T[],
  library: SyntaxLibrary,
): Selector<T> {
  const ready = rules.map((rule): ReadyRule<T> => {
    const needed = neededTexts(rule.matcher, rule.language, library);
    return { rule, needed, applies: pathFilter(rule) };
  });
  const sets = new Map<string, RuleSet<T>>();
  return {
    rulesFor: (path) => {
      const language = library.languageOf(path);
      const chosen = ready.filter(({ rule }) => rule.language === language);
      const applying = chosen.filter(({ applies }) => applies(path));
      if (language === undefined || applying.length === 0) return undefined;
      const key = applying.map(({ rule }) => rules.indexOf(rule)).join();
      const known = sets.get(key);
      if (known) return known;
      const looking = applying.map(({ rule }) => rule);
      const set = { language, rules: looking, needed: neededByAny(applying) };
      sets.set(key, set);
      return set;
    },
  };
}

export function matchesIn<T extends Rule>(
  source: string,
  { rules, language }: RuleSet<T>,
  library: SyntaxLibrary,
): Matched<T> {
  const root = library.parse(language, source);
  const unclean = root.find({ rule: { kind: "ERROR" } }) !== null;
  const suppressions = readSuppressions(root, source);
  const matches = rules.flatMap((rule) =>
    root.findAll(configOf(rule)).map((node): RuleMatch<T> => ({ rule, node, span: spanOf(node) })),
  );
  if (rules.length > 1) matches.sort(outermostFirst);
  const allowed = suppressions
    ? matches.filter(({ rule, node }) => !suppressions.holds(node.range().start.line, rule.id))
    : matches;
  return { matches: allowed, suppressed: matches.length - allowed.length, unclean };
}

/** What ast-grep itself has against a rule, such as a kind of node that its language has not. */
export function libraryProblems(rules: readonly Rule[], library: SyntaxLibrary): string[] {
  return rules.flatMap((rule) =>
    saidAgainst(rule, () => library.parse(rule.language, "").findAll(configOf(rule))),
  );
}

/** ast-grep says what is wrong by throwing. */
export function saidAgainst(rule: Rule, ask: () => unknown): string[] {
  try {
    ask();
    return [];
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    return [`rule ${rule.id}: ${said.replaceAll(/\s*\n\s*(?:\|->)?/g, " ").trim()}`];
  }
}

export function spanOf(node: SyntaxNode): Span {
  const { start, end } = node.range();
  return { start: start.index, end: end.index };
}

/** `*` crosses folders in ast-grep's globs. */
function pathFilter(rule: Rule): (path: string) => boolean {
  const matcherOf = (globs: readonly RuleGlob[]) => {
    const matchers = globs.map(({ glob, anyCase }) =>
      picomatch(glob.replace(/^\.\//, ""), {
        bash: true,
        dot: true,
        nonegate: true,
        noextglob: true,
        nocase: anyCase,
      }),
    );
    return (path: string) => matchers.some((matches) => matches(path));
  };
  const wanted = rule.files ? matcherOf(rule.files) : () => true;
  const ignored = rule.ignores ? matcherOf(rule.ignores) : () => false;
  return (path) => wanted(path) && !ignored(path);
}

function neededByAny(rules: readonly ReadyRule<Rule>[]): Needed {
  const texts: string[] = [];
  for (const { needed } of rules) {
    if (needed === undefined) return undefined;
    texts.push(...needed);
  }
  return texts;
}

function configOf(rule: Rule) {
  return rule.matcher as Parameters<SyntaxNode["findAll"]>[0] & object;
}

/** In the order in which a walk of the tree comes upon them; rules stand in the order of their ids. */
function outermostFirst(a: RuleMatch<Rule>, b: RuleMatch<Rule>): number {
  if (a.span.start !== b.span.start) return a.span.start - b.span.start;
  if (a.span.end !== b.span.end) return b.span.end - a.span.end;
  if (a.node.id() === b.node.id()) return 0;
  return a.node.ancestors().length - b.node.ancestors().length;
}
