/** Exact replacement in a text whose line ends may be those of Windows: what is sought is given with plain newlines, and what
 *  stays in the file keeps every byte. It must never guess: a text that is not there, or there twice, is no answer. */
import { count, lineEndsOf } from "./text-content.ts";

export interface Replacement {
  readonly old: string;
  readonly new: string;
  /** Every place where it is found, not just one. */
  readonly all?: boolean | undefined;
}

export type Replaced =
  | { readonly type: "replaced"; readonly text: string; readonly places: number }
  | { readonly type: "not_found" }
  | { readonly type: "ambiguous"; readonly places: number };

export function replaceIn(text: string, replacement: Replacement): Replaced {
  const plain = withoutReturns(text);
  const sought = plainEnds(replacement.old);
  const places = count(plain.text, sought);
  if (places === 0) return { type: "not_found" };
  if (places > 1 && replacement.all !== true) return { type: "ambiguous", places };
  const ends = lineEndsOf(text);
  const made: string[] = [];
  let done = 0;
  let from = 0;
  let rawFrom = 0;
  for (let at = plain.text.indexOf(sought); at >= 0; at = plain.text.indexOf(sought, from)) {
    const start = plain.rawIndex(at);
    const end = plain.rawIndex(at + sought.length);
    made.push(text.slice(rawFrom, start));
    made.push(withEnds(replacement.new, text.slice(start, end), ends));
    done += 1;
    from = at + sought.length;
    rawFrom = end;
  }
  made.push(text.slice(rawFrom));
  return { type: "replaced", text: made.join(""), places: done };
}

function plainEnds(text: string): string {
  return text.includes("\r") ? text.replaceAll("\r\n", "\n") : text;
}

/** As the text that is replaced ends its lines, else as the file does. */
function withEnds(text: string, replaced: string, file: string): string {
  const plain = plainEnds(text);
  const isWindows = replaced.includes("\n") ? replaced.includes("\r\n") : file === "CRLF";
  return isWindows ? plain.replaceAll("\n", "\r\n") : plain;
}

/** The text with plain newlines, and how to find back from a place in it. */
function withoutReturns(text: string): {
  readonly text: string;
  rawIndex(at: number): number;
} {
  if (!text.includes("\r\n")) return { text, rawIndex: (at) => at };
  // Where, in the plain text, a newline lost the return before it.
  const lost: number[] = [];
  for (let at = text.indexOf("\r\n"); at >= 0; at = text.indexOf("\r\n", at + 2)) {
    lost.push(at - lost.length);
  }
  return {
    text: text.replaceAll("\r\n", "\n"),
    rawIndex: (at) => at + firstNotBelow(lost, at),
  };
}

/** How many of the sorted numbers are below `limit`. */
function firstNotBelow(numbers: readonly number[], limit: number): number {
  let from = 0;
  let to = numbers.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((numbers[middle] ?? 0) < limit) from = middle + 1;
    else to = middle;
  }
  return from;
}
