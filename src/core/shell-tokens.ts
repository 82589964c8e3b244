/** The words and operators of a command line for `sh`, with quotes taken away. */
import type { ShellWord } from "./shell-command.ts";

export type Token =
  | { readonly type: "word"; readonly word: ShellWord }
  /** Into or out of a file; the file's name is part of it. */
  | { readonly type: "redirect"; readonly writes: boolean }
  /** Of a simple command. */
  | { readonly type: "end" };

export type Tokens =
  | { readonly type: "tokens"; readonly tokens: readonly Token[] }
  | { readonly type: "unclear"; readonly why: string };

const operators = ["&&", "||", ";;", "|&", ";", "&", "|", "(", ")", "\n"] as const;
const redirect = /^\d{0,9}(?:<<-|<<|<>|>>|>\||>&|<&|>|<)/;

class Unclear extends Error {}

interface Heredoc {
  readonly end: string;
  readonly quoted: boolean;
  readonly dropsTabs: boolean;
}

/** Where the reading stands. */
interface Reader {
  readonly line: string;
  at: number;
  readonly tokens: Token[];
  readonly heredocs: Heredoc[];
}

export function tokensOf(line: string): Tokens {
  const reader: Reader = { line, at: 0, tokens: [], heredocs: [] };
  try {
    while (reader.at < line.length) readToken(reader);
    if (reader.heredocs.length > 0) throw new Unclear("a here-document has no end");
    return { type: "tokens", tokens: reader.tokens };
  } catch (error) {
    if (error instanceof Unclear) return { type: "unclear", why: error.message };
    throw error;
  }
}

function readToken(reader: Reader): void {
  const rest = reader.line.slice(reader.at, reader.at + 16);
  const blank = /^(?:[ \t]|\\\n)+/.exec(rest)?.[0];
  if (blank !== undefined) reader.at += blank.length;
  else if (rest.startsWith("#")) skipComment(reader);
  else if (/^[<>]\(/.test(rest)) throw new Unclear("it substitutes a process");
  else if (/^(?:&>|\d*<<<)/.test(rest))
    throw new Unclear("shells do not agree on how it redirects");
  else if (redirect.test(rest)) readRedirect(reader);
  else readOperatorOrWord(reader, rest);
}

function readOperatorOrWord(reader: Reader, rest: string): void {
  const operator = operators.find((one) => rest.startsWith(one));
  if (operator === undefined) {
    reader.tokens.push({ type: "word", word: readWord(reader) });
    return;
  }
  // `name (` defines a function, whose name then stands for other commands.
  if (operator === "(" && reader.tokens.at(-1)?.type === "word") {
    throw new Unclear("it defines a function");
  }
  reader.at += operator.length;
  reader.tokens.push({ type: "end" });
  if (operator === "\n") skipHeredocs(reader);
}

function skipComment(reader: Reader): void {
  const end = reader.line.indexOf("\n", reader.at);
  reader.at = end < 0 ? reader.line.length : end;
}

function readRedirect(reader: Reader): void {
  const sign = redirect.exec(reader.line.slice(reader.at, reader.at + 16))?.[0] ?? "";
  reader.at += sign.length;
  const blank = /^(?:[ \t]|\\\n)*/.exec(reader.line.slice(reader.at))?.[0] ?? "";
  reader.at += blank.length;
  const raw = reader.line.slice(reader.at);
  if (raw === "" || /^[\n;&|()<>]/.test(raw)) throw new Unclear("it redirects to nothing");
  const start = reader.at;
  const word = readWord(reader);
  if (/<<-?$/.test(sign)) {
    const quoted = /["'\\]/.test(reader.line.slice(start, reader.at));
    if (!word.isCertain && !quoted) throw new Unclear("a here-document ends in what is not clear");
    reader.heredocs.push({ end: word.text, quoted, dropsTabs: sign.endsWith("-") });
  }
  const isCopy = /[<>]&$/.test(sign) && /^(?:\d+|-)$/.test(word.text);
  const writes = />/.test(sign) && !isCopy && !(word.isCertain && word.text === "/dev/null");
  reader.tokens.push({ type: "redirect", writes });
}

/** The text of here-documents is input, not commands; but substitutions in it are run. */
function skipHeredocs(reader: Reader): void {
  for (const heredoc of reader.heredocs.splice(0)) {
    let text = readLine(reader);
    while ((heredoc.dropsTabs ? text.replace(/^\t+/, "") : text) !== heredoc.end) {
      if (!heredoc.quoted && /`|\$[({]|\\$/.test(text)) {
        throw new Unclear("a here-document substitutes");
      }
      text = readLine(reader);
    }
  }
}

function readLine(reader: Reader): string {
  if (reader.at >= reader.line.length) throw new Unclear("a here-document has no end");
  const next = reader.line.indexOf("\n", reader.at);
  const stop = next < 0 ? reader.line.length : next;
  const text = reader.line.slice(reader.at, stop);
  reader.at = stop + 1;
  return text;
}

function readWord(reader: Reader): ShellWord {
  let text = "";
  let isCertain = true;
  const start = reader.at;
  while (reader.at < reader.line.length) {
    const part = wordPart(reader);
    if (part === undefined) break;
    text += part.text;
    isCertain &&= part.isCertain;
  }
  const isPlain = !/["'\\]/.test(reader.line.slice(start, reader.at));
  return { text, isCertain, isPlain };
}

interface Part {
  readonly text: string;
  readonly isCertain: boolean;
}

/** Undefined where the word ends. */
function wordPart(reader: Reader): Part | undefined {
  const sign = reader.line[reader.at] ?? "";
  if (/[ \t\n;&|()<>]/.test(sign)) return undefined;
  switch (sign) {
    case "'":
      return singleQuoted(reader);
    case '"':
      return doubleQuoted(reader);
    case "\\":
      return escaped(reader);
    case "$":
      return variable(reader);
    case "`":
      throw new Unclear("it substitutes the output of a command");
    default:
      reader.at += 1;
      return { text: sign, isCertain: !/[*?[\]{}]/.test(sign) || isLoneBrace(reader) };
  }
}

/** `{` and `}` by themselves group commands, `{}` is the name that find and xargs fill in: no shell changes them. */
function isLoneBrace({ line, at }: Reader): boolean {
  const before = line[at - 2] ?? " ";
  const sign = line[at - 1] ?? "";
  const after = line[at] ?? " ";
  const isEdge = (one: string) => /[ \t\n;&|()]/.test(one);
  if (sign === "{") return isEdge(before) && (isEdge(after) || after === "}");
  return sign === "}" && (isEdge(before) || before === "{") && isEdge(after);
}

function singleQuoted(reader: Reader): Part {
  const end = reader.line.indexOf("'", reader.at + 1);
  if (end < 0) throw new Unclear("a quote is never closed");
  const text = reader.line.slice(reader.at + 1, end);
  reader.at = end + 1;
  return { text, isCertain: true };
}

function doubleQuoted(reader: Reader): Part {
  let text = "";
  let isCertain = true;
  reader.at += 1;
  while (reader.line[reader.at] !== '"') {
    const part = quotedPart(reader);
    text += part.text;
    isCertain &&= part.isCertain;
  }
  reader.at += 1;
  return { text, isCertain };
}

function quotedPart(reader: Reader): Part {
  const sign = reader.line[reader.at];
  if (sign === undefined) throw new Unclear("a quote is never closed");
  if (sign === "`") throw new Unclear("it substitutes the output of a command");
  const pair = reader.line.slice(reader.at, reader.at + 2);
  if (sign === "$" && pair !== '$"' && pair !== "$'") return variable(reader);
  if (/^\\[$`"\\\n]$/.test(pair)) return escaped(reader);
  reader.at += 1;
  return { text: sign, isCertain: true };
}

function escaped(reader: Reader): Part {
  const next = reader.line[reader.at + 1];
  reader.at += 2;
  if (next === undefined) throw new Unclear("it ends in a lone \\");
  return { text: next === "\n" ? "" : next, isCertain: true };
}

function variable(reader: Reader): Part {
  const rest = reader.line.slice(reader.at, reader.at + 300);
  if (/^\$[("']/.test(rest) || /^\$\{[^}]*[$`({]/.test(rest)) {
    throw new Unclear("it substitutes the output of a command");
  }
  const name = /^\$(?:\{[^}\n]{0,250}\}|[A-Za-z_]\w*|[\d@*#?$!-])/.exec(rest)?.[0];
  if (name === undefined && rest.startsWith("${")) throw new Unclear("a { is never closed");
  reader.at += name?.length ?? 1;
  return name === undefined ? { text: "$", isCertain: true } : { text: name, isCertain: false };
}
