/** The chunks of one answer, joined as they come. It decides what was said, and never whether that may be believed. */

import { CallPieces, callsMax } from "./model-calls.ts";
import { type Complaint, complaintOf, type Redact } from "./model-complaint.ts";
import type { ServerEvent } from "./model-events.ts";
import { fieldsOf, parseJson } from "./model-json.ts";
import { readUsage, type Usage } from "./model-usage.ts";

export class AnswerParts {
  readonly calls = new CallPieces();
  readonly #redact: Redact;
  readonly #charactersMax: number;
  #text = "";
  #reason: string | undefined;
  #done = false;
  #usage: Usage | undefined;
  #complaint: Complaint | undefined;
  #unreadable = false;
  /** Of thinking that is told and not kept. */
  #thoughtCharacters = 0;

  constructor(redact: Redact, charactersMax: number) {
    this.#redact = redact;
    this.#charactersMax = charactersMax;
  }

  get text(): string {
    return this.#text;
  }

  /** Why the model stopped, in the provider's words; undefined while it has not. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** The stream said that it is over. */
  get done(): boolean {
    return this.#done;
  }

  get usage(): Usage | undefined {
    return this.#usage;
  }

  get complaint(): Complaint | undefined {
    return this.#complaint;
  }

  /** An event of the answer was no JSON: something of it is missing. */
  get unreadable(): boolean {
    return this.#unreadable;
  }

  /** Everything that the model has made so far, thoughts too. */
  get characters(): number {
    return this.#text.length + this.#thoughtCharacters + this.calls.characters;
  }

  get overflown(): boolean {
    return this.characters > this.#charactersMax || this.calls.count > callsMax;
  }

  /** Whether the event brought anything of the answer. */
  take({ data, name }: ServerEvent): boolean {
    const text = data.trim();
    if (text === "") return false;
    if (text === "[DONE]") {
      this.#done = true;
      return true;
    }
    const value = parseJson(text);
    // After the end nothing is missed.
    if (value === undefined) this.#unreadable ||= this.#reason === undefined;
    else if (name === "error") this.#complaint = complaintOf(value, this.#redact);
    return value !== undefined && this.takeValue(value);
  }

  /** A chunk, or a whole answer of a server that does not stream. */
  takeValue(value: unknown): boolean {
    const { error, usage, choices } = fieldsOf(value);
    if (error !== undefined && error !== null && error !== false) {
      this.#complaint = complaintOf(value, this.#redact);
    }
    // Some tell it with every chunk, counting up.
    this.#usage = readUsage(usage) ?? this.#usage;
    const choice = Array.isArray(choices) ? choices.find(isFirst) : undefined;
    if (choice === undefined) return usage !== undefined && usage !== null;
    const before = this.characters;
    const { delta, message, finish_reason: reason } = fieldsOf(choice);
    this.#takeDelta(fieldsOf(delta ?? message));
    if (typeof reason === "string" && reason !== "") this.#reason = reason;
    return this.characters > before || this.#reason !== undefined;
  }

  #takeDelta(delta: Readonly<Record<string, unknown>>): void {
    this.#text += textOf(delta["content"]) + textOf(delta["refusal"]);
    const thought = textOf(delta["reasoning_content"]) || textOf(delta["reasoning"]);
    this.#thoughtCharacters += thought.length;
    const calls: unknown = delta["tool_calls"];
    for (const call of Array.isArray(calls) ? calls : [calls]) this.calls.add(call);
  }
}

/** We ask for one choice; some servers number it, some do not. */
function isFirst(choice: unknown): boolean {
  return (fieldsOf(choice)["index"] ?? 0) === 0;
}

/** A string, or a list of parts of which some are text. */
function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part) => textOf(fieldsOf(part)["text"])).join("");
}
