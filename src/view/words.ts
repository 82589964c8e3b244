/** How numbers, times and colours are said, the same in every view. */

import type { Spend } from "../core/spend.ts";
import { fitWidth, oneLine } from "../core/text.ts";
import type { Reason } from "../core/worker.ts";

export type Colour = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

/** Gives a text a colour, or leaves it as it is. */
export type Paint = (colour: Colour, text: string) => string;

const codes: Readonly<Record<Colour, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

export function makePaint(colours: boolean): Paint {
  if (!colours) return (_, text) => text;
  return (colour, text) => {
    const [on, off] = codes[colour];
    return `\x1b[${on}m${text}\x1b[${off}m`;
  };
}

/** `0.4 s`, `42 s`, `3 min 05 s`, `2 h 07 min`. */
export function sayDuration(ms: number): string {
  if (ms < 10_000) return `${(Math.max(0, ms) / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${twoDigits(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${twoDigits(minutes % 60)} min`;
}

/** The time of day on this machine. */
export function sayTime(at: number): string {
  const date = new Date(at);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(":");
}

/** The day and minute on this machine. */
export function sayMoment(at: number): string {
  const date = new Date(at);
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()].map(twoDigits).join("-");
  return `${day} ${sayTime(at).slice(0, 5)}`;
}

/** `1 file`, `3 files`. */
export function sayCount(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}

export function shortSha(sha: string): string {
  return sha.slice(0, 10);
}

export function hasSpend(spend: Spend): boolean {
  return spend.inputTokens + spend.outputTokens > 0 || spend.usd > 0;
}

/** Tokens cost something: without dollars nobody knows their price, and `$0.00` would be a lie. */
export function saySpend(spend: Spend): string {
  const count = spend.inputTokens + spend.outputTokens;
  const tokens = `${count.toLocaleString("en-US")} tokens`;
  if (spend.usd <= 0) return tokens;
  // Cents alone would make nothing of most turns, and add up to something else than their sum.
  const usd =
    spend.usd < 0.0001 ? "less than $0.0001" : `$${spend.usd.toFixed(spend.usd < 1 ? 4 : 2)}`;
  return `${tokens}, ${usd}`;
}

/** `conflict: both changed it (src/a.ts, src/b.ts, and 3 more)`; a path that the message names already is not said again. */
export function sayReason(reason: Reason): string {
  const { paths: all, message } = reason;
  // A message that names some, and how many more there are, has said enough.
  const untold = all.some((path) => isNamed(path, message)) ? [] : all;
  const paths = untold.length === 0 ? "" : ` (${sayList(untold, 3)})`;
  return oneLine(`${reason.type.replaceAll("_", " ")}: ${reason.message}${paths}`);
}

/** As words of their own: `a` is not named by a message about `cart`. */
export function isNamed(path: string, message: string): boolean {
  return wordsOf(message).includes(wordsOf(path));
}

function wordsOf(text: string): string {
  return ` ${text.replace(/[\s,;:()]+/g, " ").trim()} `;
}

/** A summary of several lines, or of JSON, as one line: `changed 8 of 54 files; 1 file could not be parsed`. */
export function sayLines(text: string): string {
  const data = dataIn(text);
  if (data !== undefined) return sayData(data);
  const lines = text.split(/[\r\n]+/).map(oneLine);
  return lines.filter((line) => line !== "").join("; ");
}

/** Data is for programs, which read the documents: people see what kind of thing it is. */
const dataCellsMax = 120;

function sayData(data: object): string {
  return fitWidth(oneLine(JSON.stringify(data)), dataCellsMax);
}

/** A text that is nothing but a JSON object or list, as models give it: bare, or in a fence of Markdown. */
function dataIn(text: string): object | undefined {
  const whole = text.trim();
  const isFenced = whole.startsWith("```") && whole.endsWith("```");
  const bare = isFenced ? whole.slice(whole.indexOf("\n") + 1, -3).trim() : whole;
  if (!/^[[{]/.test(bare)) return undefined;
  try {
    return JSON.parse(bare);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Why a check is red, beside its name: most messages begin with the name too. */
export function sayCheckMessage(name: string, message: string): string {
  const begin = `${oneLine(name)}: `;
  return message.startsWith(begin) ? message.slice(begin.length) : message;
}

/** The first few, then how many more there are. */
export function sayList(items: readonly string[], itemsMax: number): string {
  const shown = items.slice(0, itemsMax).map(oneLine);
  const more = items.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join(", ");
}

function twoDigits(number: number): string {
  return String(number).padStart(2, "0");
}
