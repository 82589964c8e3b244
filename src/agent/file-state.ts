/** What one agent has read: which content of which files, and which of their lines. An edit rests on it, so that nobody
 *  overwrites what they never saw. It must never touch the disk: whoever asks brings the content that is there now. */
import { createHash } from "node:crypto";
import type { Json } from "../core/plan.ts";

/** First and last line, counted from 1. */
export type Lines = readonly [number, number];

/** What an agent knows of a file. */
export interface ReadState {
  readonly hash: string;
  /** In order, none touching the next; absent where the whole file was seen. */
  readonly parts?: readonly Lines[];
}

/** `changed`: it is another content than the one that was read. */
export type Acquaintance = "read" | "read_in_part" | "changed" | "unread";

/** So many parts of one file are told apart; a file that was seen in more counts as seen less. */
const partsMax = 100;
const filesMax = 10_000;

/** Paths are from the repository's root, with `/`, as the door to the worktree gives them. */
export class FileStates {
  readonly #states = new Map<string, ReadState>();

  /** Takes what `toJson` gave; what has another form is left out, and so counts as unread. */
  static fromJson(json: unknown): FileStates {
    const made = new FileStates();
    if (typeof json !== "object" || json === null || Array.isArray(json)) return made;
    for (const [path, said] of Object.entries(json).slice(0, filesMax)) {
      const state = parseState(said);
      if (state !== undefined) made.#states.set(path, state);
    }
    return made;
  }

  toJson(): Json {
    return Object.fromEntries(
      [...this.#states].map(([path, { hash, parts }]) => [
        path,
        parts === undefined ? hash : { hash, parts },
      ]),
    );
  }

  /** For a subagent, which knows what its parent knew when it began. */
  copy(): FileStates {
    const made = new FileStates();
    for (const [path, state] of this.#states) made.#states.set(path, state);
    return made;
  }

  /** The agent has seen the whole content, or written it. */
  saw(path: string, content: Uint8Array): void {
    this.#set(path, { hash: hashOf(content) });
  }

  /** The agent has seen some lines of a content that has `linesTotal`. */
  sawLines(path: string, content: Uint8Array, lines: Lines, linesTotal: number): void {
    const hash = hashOf(content);
    const known = this.#states.get(path);
    const seen = known?.hash === hash ? (known.parts ?? [[1, linesTotal] as const]) : [];
    const parts = joined([...seen, lines]);
    const [first] = parts;
    const isWhole = first !== undefined && first[0] <= 1 && first[1] >= linesTotal;
    this.#set(path, isWhole ? { hash } : { hash, parts: parts.slice(0, partsMax) });
  }

  /** How well the agent knows the content that the file has now. */
  acquaintance(path: string, content: Uint8Array): Acquaintance {
    const known = this.#states.get(path);
    if (known === undefined) return "unread";
    if (known.hash !== hashOf(content)) return "changed";
    return known.parts === undefined ? "read" : "read_in_part";
  }

  /** The paths it knows, those seen last at the end. */
  paths(): readonly string[] {
    return [...this.#states.keys()];
  }

  forget(path: string): void {
    this.#states.delete(path);
  }

  /** A file, or a folder with all in it, has another name now. */
  moved(from: string, to: string): void {
    for (const [path, state] of [...this.#states]) {
      if (path !== from && !path.startsWith(`${from}/`)) continue;
      this.#states.delete(path);
      this.#states.set(to + path.slice(from.length), state);
    }
  }

  #set(path: string, state: ReadState): void {
    this.#states.delete(path);
    this.#states.set(path, state);
    const [oldest] = this.#states.keys();
    if (this.#states.size > filesMax && oldest !== undefined) this.#states.delete(oldest);
  }
}

export function hashOf(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("base64url");
}

/** Parts that overlap or touch become one. */
function joined(parts: readonly Lines[]): readonly Lines[] {
  const made: [number, number][] = [];
  for (const [from, to] of [...parts].sort((a, b) => a[0] - b[0])) {
    const last = made.at(-1);
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else made.push([from, to]);
  }
  return made;
}

function parseState(said: unknown): ReadState | undefined {
  if (typeof said === "string") return { hash: said };
  if (typeof said !== "object" || said === null) return undefined;
  const { hash, parts } = said as { readonly hash?: unknown; readonly parts?: unknown };
  if (typeof hash !== "string" || !Array.isArray(parts) || !parts.every(isLines)) return undefined;
  return { hash, parts: joined(parts).slice(0, partsMax) };
}

function isLines(said: unknown): said is Lines {
  return Array.isArray(said) && said.length === 2 && said.every(Number.isSafeInteger);
}
