/** One pass of rules over one file's text, with the result that `ast-grep scan --update-all` would write: every match of
 *  the text as it was, outermost first, leaving out what overlaps. It touches no disk. */
import {
  type Captured,
  type FixTemplate,
  fillTemplate,
  parseTemplate,
  type Span,
  type TemplateVariable,
} from "./codemod-fix.ts";
import type { SyntaxLibrary, SyntaxNode } from "./codemod-library.ts";
import { isObject } from "./codemod-matcher.ts";
import type { FixRule } from "./codemod-rule.ts";
import {
  libraryProblems,
  makeSelector,
  matchesIn,
  type RuleMatch,
  type RuleSet,
  saidAgainst,
  spanOf,
} from "./codemod-select.ts";

export interface Rewriting {
  /** Absent where nothing matches. */
  readonly text?: string;
  /** Parts of the file could not be parsed, so matches may have been missed. */
  readonly unclean: boolean;
}

export interface Rewriter {
  /** The rules that look at this path, undefined if none does. */
  rulesFor(path: string): RuleSet<FixRule> | undefined;
  rewrite(source: string, rules: RuleSet<FixRule>): Rewriting;
}

/** What a rule puts in the place of its matches. */
interface Replacement {
  readonly template: FixTemplate;
  readonly transformed: ReadonlySet<string>;
}

interface Edit extends Span {
  readonly text: string;
}

export function makeRewriter(rules: readonly FixRule[], library: SyntaxLibrary): Rewriter {
  const { rulesFor } = makeSelector(rules, library);
  const replacements = new Map(rules.map((rule) => [rule, replacementOf(rule)]));
  return {
    rulesFor,
    rewrite: (source, set) => {
      const { matches, unclean } = matchesIn(source, set, library);
      const edits = matches.flatMap((match) => {
        const replacement = replacements.get(match.rule);
        return replacement === undefined ? [] : [editOf(match, replacement, source)];
      });
      const text = applyEdits(source, edits);
      return text === source ? { unclean } : { text, unclean };
    },
  };
}

/** What ast-grep itself has against rules and the siblings that their fixes reach for. */
export function fixProblems(rules: readonly FixRule[], library: SyntaxLibrary): string[] {
  return rules.flatMap((rule) => {
    const problems = libraryProblems([rule], library);
    if (problems.length > 0) return problems;
    const { expandStart, expandEnd } = rule.fix;
    return saidAgainst(rule, () => {
      const root = library.parse(rule.language, "");
      for (const expansion of [expandStart, expandEnd]) {
        if (expansion) root.matches(ruleOfExpansion(expansion).matches);
      }
    });
  });
}

function replacementOf({ fix, matcher }: FixRule): Replacement {
  return {
    template: parseTemplate(fix.template),
    transformed: new Set(Object.keys(matcher.transform ?? {})),
  };
}

function editOf(
  { rule, node, span }: RuleMatch<FixRule>,
  { template, transformed }: Replacement,
  source: string,
): Edit {
  const { expandStart, expandEnd } = rule.fix;
  const text = fillTemplate(template, source, span.start, (variable) =>
    capturedBy(node, variable, transformed),
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
