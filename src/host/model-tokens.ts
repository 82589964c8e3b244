/** How many tokens a text is: an estimate from above that costs next to nothing, made before every call; and gpt-tokenizer's
 *  count, asked only where a provider tells none, for it takes 50 MB and the better part of a second to load. */
import type { ModelMessage, ModelRequest } from "../core/model.ts";

/** What a message, a call or a tool takes beside its text. */
const messageTokens = 8;
const callTokens = 12;
const toolTokens = 16;

/** Texts longer than this are not read: they count for more than any tokenizer makes of source text. */
const readCharactersMax = 1_000_000;
const unreadPerToken = 2;

const counted = new WeakMap<ModelMessage, number>();
const countedTools = new WeakMap<ModelRequest["tools"], number>();

/** An estimate from above of what sending `request` costs. A history is sent again each turn, so each message is read once. */
export function estimateRequest({ messages, tools }: ModelRequest): number {
  let sum = remembered(countedTools, tools, () => toolsEstimate(tools));
  for (const message of messages) {
    sum += remembered(counted, message, () => messageSum(message, estimateTokens));
  }
  return sum;
}

/** What `text` is at most for the usual tokenizers. Source comes out about a third too high; random base64 a sixth too low. */
export function estimateTokens(text: string): number {
  if (text.length > readCharactersMax) return Math.ceil(text.length / unreadPerToken);
  let sum = 0;
  let at = 0;
  while (at < text.length) {
    const kind = kinds[text.charCodeAt(at)] ?? "other";
    const end = endOf(text, at, kind);
    sum += costs[kind](end - at, text, at);
    at = end;
  }
  return Math.ceil(sum);
}

type Kind = "small" | "capital" | "digit" | "blank" | "mark" | "other";

/** Of each ASCII character. */
const kinds: readonly Kind[] = Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (/[a-z]/.test(character)) return "small";
  if (/[A-Z]/.test(character)) return "capital";
  if (/[0-9]/.test(character)) return "digit";
  return /\s/.test(character) ? "blank" : "mark";
});

/** Words that are longer than this are in no vocabulary, and fall into pieces of three letters. */
const knownWord = 9;
const pieceLetters = 3;

/** What a run of one kind costs, tuned on sources, prose, data and scripts of many languages. */
const costs: Readonly<Record<Kind, (length: number, text: string, at: number) => number>> = {
  small: (length) => wordCost(length),
  capital: (length, text, at) => capitalCost(length, text, at),
  digit: (length) => Math.ceil(length / 2),
  blank: (length, text, at) => (length === 1 && isJoined(text, at) ? 0 : 1 + length / 32),
  mark: (length) => length * 0.85,
  other: (length, text, at) => length * (isSurrogate(text.charCodeAt(at)) ? 2 : 1),
};

function wordCost(length: number): number {
  return 1 + Math.max(0, length - knownWord) / pieceLetters + (length > 1 ? length / 16 : 0);
}

/** `Word`, `URL` and the `URLs` between them: a run of capitals takes the small letters after it along. */
function capitalCost(length: number, text: string, at: number): number {
  let capitals = 0;
  while (capitals < length && kinds[text.charCodeAt(at + capitals)] === "capital") capitals += 1;
  return wordCost(length) + (capitals - 1) * 0.35;
}

function endOf(text: string, from: number, kind: Kind): number {
  let end = from + 1;
  while (end < text.length && (kinds[text.charCodeAt(end)] ?? "other") === kind) end += 1;
  if (kind !== "capital") return end;
  while (end < text.length && kinds[text.charCodeAt(end)] === "small") end += 1;
  return end;
}

/** One blank is part of the word or mark that follows it, but of no number. */
function isJoined(text: string, at: number): boolean {
  return text[at] === " " && kinds[text.charCodeAt(at + 1)] !== "digit";
}

function isSurrogate(code: number): boolean {
  return code >= 0xd800 && code < 0xe000;
}

function toolsEstimate(tools: ModelRequest["tools"]): number {
  return tools.reduce((sum, tool) => sum + toolTokens + estimateTokens(JSON.stringify(tool)), 0);
}

function messageSum(message: ModelMessage, count: (text: string) => number): number {
  const own = messageTokens + count(message.text);
  if (message.role !== "assistant") return own;
  return message.calls.reduce(
    (sum, call) => sum + callTokens + count(call.name) + count(call.text),
    own,
  );
}

function remembered<K extends object>(known: WeakMap<K, number>, key: K, count: () => number) {
  const before = known.get(key);
  if (before !== undefined) return before;
  const made = count();
  known.set(key, made);
  return made;
}

/** Counts as a tokenizer does. */
export interface TokenCount {
  request(request: ModelRequest): number;
  text(text: string): number;
}

let loading: Promise<TokenCount> | undefined;

/** The tokenizer, loaded when it is first asked for. */
export function loadTokenCount(): Promise<TokenCount> {
  loading ??= importTokenCount();
  return loading;
}

/** A long text takes the tokenizer so long that others would wait: there the estimate will do. */
const tokenizedCharactersMax = 100_000;

async function importTokenCount(): Promise<TokenCount> {
  // Half as large as the newest vocabulary, and within a few percent of it.
  const { countTokens } = await import("gpt-tokenizer/encoding/cl100k_base");
  // Source text may hold what is a special token, such as <|endoftext|>; it is text all the same.
  const options = { disallowedSpecial: new Set<string>() };
  const text = (given: string) =>
    given.length > tokenizedCharactersMax ? estimateTokens(given) : countTokens(given, options);
  const known = new WeakMap<ModelMessage, number>();
  const knownTools = new WeakMap<ModelRequest["tools"], number>();
  const ofTools = (tools: ModelRequest["tools"]) =>
    tools.reduce((sum, tool) => sum + toolTokens + text(JSON.stringify(tool)), 0);
  return {
    text,
    request: ({ messages, tools }) =>
      messages.reduce(
        (sum, message) => sum + remembered(known, message, () => messageSum(message, text)),
        remembered(knownTools, tools, () => ofTools(tools)),
      ),
  };
}
