/** One pass of rules over one file's text, with the result that `ast-grep scan --update-all` would write: every match of
 *  the text as it was, outermost first, leaving out what overlaps. It touches no disk. */
import picomatch from "picomatch";
import {
  type Captured,
  type FixTemplate,
  fillTemplate,
  parseTemplate,
  type Span,
  type TemplateVariable,
} from "./codemod-fix.ts";
import type { SyntaxLibrary, SyntaxNode } from "./codemod-library.ts";
import { type Needed, neededTexts } from "./codemod-literal.ts";
import { isObject } from "./codemod-matcher.ts";
import type { FixRule, RuleGlob } from "./codemod-rule.ts";
import { readSuppressions } from "./codemod-suppression.ts";

export interface Rewriting {
  /** Absent where nothing matches. */
  readonly text?: string;
  /** Parts of the file could not be parsed, so matches may have been missed. */
  readonly unclean: boolean;
}

export interface Rewriter {
  /** The rules that look at this path, undefined if none does. */
  rulesFor(path: string): RuleSet | undefined;
  rewrite(source: string, rules: RuleSet): Rewriting;
}

export interface RuleSet {
  readonly language: string;
  readonly rules: readonly ReadyRule[];
  /** A file with none of these texts needs no parsing. */
  readonly needed: Needed;
}

interface ReadyRule {
  readonly rule: FixRule;
  readonly template: FixTemplate;
  readonly transformed: ReadonlySet<string>;
  readonly needed: Needed;
  applies(path: string): boolean;
}

interface Edit extends Span {
  readonly text: string;
}

interface Match {
  readonly ready: ReadyRule;
  readonly node: SyntaxNode;
  readonly span: Span;
}

export function makeRewriter(rules: readonly FixRule[], library: SyntaxLibrary): Rewriter {
  const ready = rules.map((rule) => readyRule(rule, library));
  const sets = new Map<string, RuleSet>();
  return {
    rulesFor: (path) => {
      const language = library.languageOf(path);
      const chosen = ready.filter(({ rule }) => rule.language === language);
      const applying = chosen.filter(({ applies }) => applies(path));
      if (language === undefined || applying.length === 0) return undefined;
      const key = applying.map(({ rule }) => rules.indexOf(rule)).join();
      const known = sets.get(key);
      if (known) return known;
      const set = { language, rules: applying, needed: neededByAny(applying) };
      sets.set(key, set);
      return set;
    },
    rewrite: (source, set) => rewrite(source, set, library),
  };
}

/** What ast-grep itself has against a rule, such as a kind of node that its language has not. */
export function libraryProblems(rules: readonly FixRule[], library: SyntaxLibrary): string[] {
  return rules.flatMap((rule) => {
    const { expandStart, expandEnd } = rule.fix;
    try {
      const root = library.parse(rule.language, "");
      root.findAll(configOf(rule));
      for (const expansion of [expandStart, expandEnd]) {
        if (expansion) root.matches(ruleOfExpansion(expansion).matches);
      }
      return [];
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      return [`rule ${rule.id}: ${said.replaceAll(/\s*\n\s*(?:\|->)?/g, " ").trim()}`];
    }
  });
}

function readyRule(rule: FixRule, library: SyntaxLibrary): ReadyRule {
  return {
    rule,
    template: parseTemplate(rule.fix.template),
    transformed: new Set(Object.keys(rule.matcher.transform ?? {})),
    needed: neededTexts(rule.matcher, rule.language, library),
    applies: pathFilter(rule),
  };
}

/** `*` crosses folders in ast-grep's globs. */
function pathFilter(rule: FixRule): (path: string) => boolean {
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

function neededByAny(rules: readonly ReadyRule[]): Needed {
  const texts: string[] = [];
  for (const { needed } of rules) {
    if (needed === undefined) return undefined;
    texts.push(...needed);
  }
  return texts;
}

function rewrite(source: string, { rules, language }: RuleSet, library: SyntaxLibrary): Rewriting {
  const root = library.parse(language, source);
  const unclean = root.find({ rule: { kind: "ERROR" } }) !== null;
  const suppressions = readSuppressions(root, source);
  const matches = rules.flatMap((ready) =>
    root.findAll(configOf(ready.rule)).map((node): Match => ({ ready, node, span: spanOf(node) })),
  );
  if (rules.length > 1) matches.sort(outermostFirst);
  const allowed = suppressions
    ? matches.filter(
        ({ ready, node }) => !suppressions.holds(node.range().start.line, ready.rule.id),
      )
    : matches;
  const edits = allowed.map((match) => editOf(match, source));
  const text = applyEdits(source, edits);
  return text === source ? { unclean } : { text, unclean };
}

function configOf(rule: FixRule) {
  return rule.matcher as Parameters<SyntaxNode["findAll"]>[0] & object;
}

function spanOf(node: SyntaxNode): Span {
  const { start, end } = node.range();
  return { start: start.index, end: end.index };
}

/** In the order in which a walk of the tree comes upon them; rules stand in the order of their ids. */
function outermostFirst(a: Match, b: Match): number {
  if (a.span.start !== b.span.start) return a.span.start - b.span.start;
  if (a.span.end !== b.span.end) return b.span.end - a.span.end;
  if (a.node.id() === b.node.id()) return 0;
  return a.node.ancestors().length - b.node.ancestors().length;
}

function editOf({ ready, node, span }: Match, source: string): Edit {
  const { expandStart, expandEnd } = ready.rule.fix;
  const text = fillTemplate(ready.template, source, span.start, (variable) =>
    capturedBy(node, variable, ready.transformed),
  );
  return {
    start: expandStart ? expanded(expandStart, node, "prev").start : span.start,
    end: expandEnd ? expanded(expandEnd, node, "next").end : span.end,
    text: keepLineEnds(text, source),
  };
}

function capturedBy(
  node: SyntaxNode,
  { name, many }: TemplateVariable,
  transformed: ReadonlySet<string>,
): Captured {
  if (many) {
    const nodes = node.getMultipleMatches(name);
    const [first, last] = [nodes[0], nodes.at(-1)];
    return first && last
      ? { span: { start: spanOf(first).start, end: spanOf(last).end } }
      : undefined;
  }
  if (transformed.has(name)) {
    const text = node.getTransformed(name);
    return text === null ? undefined : { text };
  }
  const single = node.getMatch(name);
  return single === null ? undefined : { span: spanOf(single) };
}

/** The sibling that an expansion reaches, or the match itself where there is none. */
function expanded(
  expansion: Readonly<Record<string, unknown>>,
  node: SyntaxNode,
  side: "prev" | "next",
): Span {
  const { matches, stopBy } = ruleOfExpansion(expansion);
  if (stopBy === "neighbor") {
    const neighbor = node[side]();
    return spanOf(neighbor?.matches(matches) ? neighbor : node);
  }
  for (const sibling of side === "prev" ? node.prevAll() : node.nextAll()) {
    if (sibling.matches(matches)) return spanOf(sibling);
    if (stopBy !== "end" && sibling.matches(stopBy)) break;
  }
  return spanOf(node);
}

function ruleOfExpansion(expansion: Readonly<Record<string, unknown>>) {
  const { stopBy, field: _, ...rule } = expansion as Record<string, unknown>;
  return {
    matches: { rule },
    stopBy: stopBy === "end" ? "end" : isObject(stopBy) ? { rule: stopBy } : "neighbor",
  } as const;
}

function applyEdits(source: string, edits: readonly Edit[]): string {
  let text = "";
  let done = 0;
  for (const edit of edits) {
    if (edit.start < done) continue;
    text += source.slice(done, edit.start) + edit.text;
    done = edit.end;
  }
  return text + source.slice(done);
}

/** A fix of several lines must not mix line ends into a file that has one kind. */
function keepLineEnds(text: string, source: string): string {
  if (!text.includes("\n") || !source.includes("\r\n")) return text;
  return /(?<!\r)\n/.test(source) ? text : text.replaceAll(/(?<!\r)\n/g, "\r\n");
}
