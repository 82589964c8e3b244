/** Whether a file's bytes are text that a model can read and change without harm, and what to say if not. */
import { shown } from "../core/problem.ts";
import { refuse } from "./refusal.ts";

const sniffedBytes = 8000;

/** By their first bytes, as latin1. */
const signatures: readonly (readonly [start: string, what: string])[] = [
  ["\x89PNG", "an image"],
  ["GIF8", "an image"],
  ["\xff\xd8\xff", "an image"],
  ["BM", "an image"],
  ["\0\0\x01\0", "an image"],
  ["%PDF-", "a PDF document"],
  ["\xff\xfe", "text in UTF-16"],
  ["\xfe\xff", "text in UTF-16"],
];

const imageEnding = /\.(?:png|gif|jpe?g|webp|bmp|ico|avif|heic|tiff?)$/i;

/** The text of a file in UTF-8; a byte order mark stays its first character. Refuses everything else. */
export function textOf(path: string, bytes: Uint8Array): string {
  const kind = binaryKind(path, bytes);
  if (kind !== undefined) {
    refuse(
      `${shown(path)} is ${kind} (${bytes.length} bytes): only text in UTF-8 is read and edited; use a command with shell`,
    );
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return refuse(
      `${shown(path)} is not text in UTF-8 (perhaps in an older encoding): see it with a command, such as iconv, with shell`,
    );
  }
}

function binaryKind(path: string, bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.subarray(0, sniffedBytes)).toString("latin1");
  const known = signatures.find(([start]) => head.startsWith(start))?.[1];
  const isBinary = head.includes("\0");
  if (known === "an image" || known === "a PDF document") return isBinary ? known : undefined;
  if (known !== undefined) return known;
  if (!isBinary) return undefined;
  return imageEnding.test(path) ? "an image" : "a binary file";
}

export type LineEnds = "none" | "LF" | "CRLF" | "mixed";

export function lineEndsOf(text: string): LineEnds {
  const all = count(text, "\n");
  const windows = count(text, "\r\n");
  if (all === 0) return "none";
  if (windows === 0) return "LF";
  return windows === all ? "CRLF" : "mixed";
}

/** How often a text holds another, each place counted, also where two of them overlap. */
export function count(text: string, sought: string): number {
  let found = 0;
  for (let at = text.indexOf(sought); at >= 0; at = text.indexOf(sought, at + 1)) found += 1;
  return found;
}
