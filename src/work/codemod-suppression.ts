/** Comments by which a file's author keeps ast-grep's rules off a line, or off the whole file. */
import type { SyntaxNode } from "./codemod-library.ts";

export interface Suppressions {
  /** Whether a rule may not touch a node that begins on this line. */
  holds(line: number, rule: string): boolean;
}

/** All rules, or those of a list. */
type Suppressed = "all" | ReadonlySet<string>;

const mark = "ast-grep-ignore";

/** Undefined where there are none. */
export function readSuppressions(root: SyntaxNode, source: string): Suppressions | undefined {
  if (!source.includes(mark)) return undefined;
  const lines = new Map<number, Suppressed>();
  let wholeFile: Suppressed | undefined;
  const comments = root.findAll({ rule: { regex: mark } }).filter(isComment);
  for (const comment of comments) {
    const suppressed = suppressedBy(comment.text());
    if (suppressed === undefined) continue;
    const line = comment.range().start.line;
    const before = comment.prev();
    const beside = before !== null && before.range().start.line === line;
    const after = comment.next()?.range().start.line ?? Number.POSITIVE_INFINITY;
    if (line === 0 && before === null && after >= 2) wholeFile = suppressed;
    else lines.set(beside ? line : line + 1, suppressed);
  }
  return {
    holds: (line, rule) => includes(wholeFile, rule) || includes(lines.get(line), rule),
  };
}

function isComment(node: SyntaxNode): boolean {
  return String(node.kind()).includes("comment");
}

function includes(suppressed: Suppressed | undefined, rule: string): boolean {
  return suppressed === "all" || (suppressed?.has(rule) ?? false);
}

/** The mark comes first in the comment; after a colon stand the rules, each up to its first space. */
function suppressedBy(comment: string): Suppressed | undefined {
  const found = /^[^\p{L}\p{N}]*ast-grep-ignore(.*)$/su.exec(comment.trim());
  if (!found) return undefined;
  const after = found[1] ?? "";
  const colon = after.indexOf(":");
  if (colon < 0) return "all";
  const names = after.slice(colon + 1).split(",");
  return new Set(names.map((name) => name.trim().split(/\s/)[0] ?? ""));
}
