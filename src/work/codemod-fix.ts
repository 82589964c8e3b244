/** Fills a rule's fix with what the match captured, indenting as ast-grep does. Pure: text in, text out. */

export interface FixTemplate {
  /** One more than there are variables. */
  readonly texts: readonly string[];
  readonly variables: readonly TemplateVariable[];
}

export interface TemplateVariable {
  readonly name: string;
  /** Three dollars: stands for a list of nodes. */
  readonly many: boolean;
  /** Spaces at the beginning of its line in the template. */
  readonly indent: number;
}

/** A stretch of the source. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export type Captured = { readonly span: Span } | { readonly text: string } | undefined;

/** ast-grep looks no further back for the beginning of a line. */
const lookBackMax = 512;

export function parseTemplate(template: string): FixTemplate {
  const texts: string[] = [];
  const variables: TemplateVariable[] = [];
  let from = 0;
  for (const found of template.matchAll(/(\${1,3})([A-Z_0-9]+)/g)) {
    const [whole, dollars = "", name = ""] = found;
    texts.push(template.slice(from, found.index));
    variables.push({
      name,
      many: dollars.length === 3,
      // Counted within the text since the variable before, as ast-grep does.
      indent: indentAt(template.slice(from, found.index), found.index - from),
    });
    from = found.index + whole.length;
  }
  texts.push(template.slice(from));
  return { texts, variables };
}

/** What a match at `start` becomes; an absent capture leaves nothing in its place. */
export function fillTemplate(
  template: FixTemplate,
  source: string,
  start: number,
  captured: (variable: TemplateVariable) => Captured,
): string {
  let text = template.texts[0] ?? "";
  for (const [at, variable] of template.variables.entries()) {
    text += captureText(source, captured(variable), variable.indent);
    text += template.texts[at + 1] ?? "";
  }
  return reindent(text, 0, indentAt(source, start));
}

function captureText(source: string, captured: Captured, indent: number): string {
  if (captured === undefined) return "";
  if ("text" in captured) return captured.text;
  const { start, end } = captured.span;
  const text = source.slice(start, end);
  return text.includes("\n") ? reindent(text, indentAt(source, start), indent) : text;
}

/** The spaces that begin the line of `offset`; a tab among them counts as no space at all. */
function indentAt(text: string, offset: number): number {
  const from = Math.max(0, offset - lookBackMax);
  let indent = 0;
  for (let at = offset - 1; at >= from; at--) {
    if (text[at] === "\n") return indent;
    indent = text[at] === " " ? indent + 1 : 0;
  }
  return from === 0 ? indent : 0;
}

/** Moves every line but the first. */
function reindent(text: string, from: number, to: number): string {
  if (from === to) return text;
  const [first = "", ...rest] = text.split("\n");
  const spaces = " ".repeat(Math.abs(from - to));
  const moved =
    to > from
      ? rest.map((line) => spaces + line)
      : rest.map((line) => (line.startsWith(spaces) ? line.slice(spaces.length) : line));
  return [first, ...moved].join("\n");
}
