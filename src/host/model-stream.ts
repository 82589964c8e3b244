/** One answer out of a body that streams, or says that it does. It ends as whole only after its own end: what was cut, or
 *  stopped at its length in the middle of a call, gives no call at all. */
import type { ToolCall } from "../core/model.ts";
import { AnswerParts } from "./model-answer.ts";
import {
  type Complaint,
  complaintOf,
  pageWords,
  type Redact,
  readComplaint,
} from "./model-complaint.ts";
import { EventReader } from "./model-events.ts";
import { fieldsOf, isJsonObject, parseJson } from "./model-json.ts";
import type { Usage } from "./model-usage.ts";

export type AnswerEnd =
  | { readonly type: "whole"; readonly text: string; readonly calls: readonly ToolCall[] }
  /** The provider says, after it began, that it failed. */
  | { readonly type: "complained"; readonly complaint: Complaint }
  | {
      readonly type: "failed";
      readonly kind: "cut" | "malformed" | "bad_request";
      /** Continues the name of the host. */
      readonly what: string;
      /** Asked again it would be cut again. */
      readonly atLength?: true;
    };

export interface Heard {
  readonly end: AnswerEnd;
  readonly usage: Usage | undefined;
  /** What the model has made, kept or not. */
  readonly characters: number;
}

export interface HearOptions {
  readonly redact: Redact;
  /** Something of the answer came: keep-alives and empty chunks are nothing. */
  readonly onContent: () => void;
  /** Where the provider was told to cut the answer. */
  readonly outputTokensMax: number;
}

/** Of one answer, and of all bytes that may bring it: a chunk of one token has some three hundred bytes around it. */
const answerCharactersMax = 16 * 1024 * 1024;
/** No token of a text that means something is longer on the average; whoever sends more does not stop where it was told to. */
const charactersPerToken = 16;
const charactersSpared = 4096;
const streamBytesMax = 1024 * 1024 * 1024;
/** After the model has stopped, for its usage and the end of the stream. */
const afterReasonMs = 5_000;
/** After the end of the stream, for the connection to be whole again and be used for the next request. */
const drainMs = 1_000;
const drainBytesMax = 64 * 1024;

/** Never rejects: a connection that breaks is an end of its own. */
export async function hearAnswer(
  body: ReadableStream<Uint8Array>,
  { redact, onContent, outputTokensMax }: HearOptions,
): Promise<Heard> {
  const told = outputTokensMax * charactersPerToken + charactersSpared;
  const charactersMax = Math.min(answerCharactersMax, told);
  const parts = new AnswerParts(redact, charactersMax);
  const events = new EventReader({
    charactersMax: answerCharactersMax,
    take: (event) => {
      if (parts.take(event)) onContent();
    },
  });
  const reader = body.getReader();
  const state = await readAll(reader, parts, events);
  // What is cut in its last event was readable until then.
  const unreadable = parts.unreadable;
  if (!parts.done && !state.isTooMuch && !unreadable) events.end();
  leave(reader, parts);
  const end = endOf({ parts, redact, isTooMuch: state.isTooMuch, unreadable, events });
  return { end, usage: parts.usage, characters: parts.characters };
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

interface ReadState {
  readonly isTooMuch: boolean;
}

async function readAll(
  reader: Reader,
  parts: AnswerParts,
  events: EventReader,
): Promise<ReadState> {
  let bytes = 0;
  let patience: NodeJS.Timeout | undefined;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { isTooMuch: false };
      bytes += value.length;
      events.feed(value);
      if (bytes > streamBytesMax || events.overflown || parts.overflown) return { isTooMuch: true };
      if (parts.done || parts.complaint !== undefined || parts.unreadable) {
        return { isTooMuch: false };
      }
      if (parts.reason !== undefined) patience ??= setTimeout(() => cancel(reader), afterReasonMs);
    }
  } catch (error) {
    // The connection broke, or was aborted: what is here counts, and the caller knows whether it aborted.
    if (!(error instanceof Error)) throw error;
    return { isTooMuch: false };
  } finally {
    clearTimeout(patience);
  }
}

/** An answer that is over is drained beside what follows, so that its connection can be used again; any other is given up. */
function leave(reader: Reader, parts: AnswerParts): void {
  if (!parts.done) {
    cancel(reader);
    return;
  }
  const timer = setTimeout(() => cancel(reader), drainMs);
  timer.unref();
  void drain(reader).finally(() => clearTimeout(timer));
}

async function drain(reader: Reader): Promise<void> {
  try {
    for (let rest = 0; rest < drainBytesMax; ) {
      const { done, value } = await reader.read();
      if (done) return;
      rest += value.length;
    }
    cancel(reader);
  } catch (error) {
    // A connection that breaks now is only not used again.
    if (!(error instanceof Error)) throw error;
  }
}

function cancel(reader: Reader): void {
  reader.cancel().catch(() => undefined);
}

interface Ended {
  readonly parts: AnswerParts;
  readonly redact: Redact;
  readonly isTooMuch: boolean;
  readonly unreadable: boolean;
  readonly events: EventReader;
}

function endOf({ parts, redact, isTooMuch, unreadable, events }: Ended): AnswerEnd {
  if (parts.complaint !== undefined) return { type: "complained", complaint: parts.complaint };
  if (isTooMuch) {
    const what = "went on far beyond the length that it was given: the answer was given up";
    return { ...failed("cut", what), atLength: true };
  }
  if (unreadable) return failed("malformed", "sent an event that is no JSON");
  if (isOver(parts)) return endOfParts(parts);
  return endOfForeign(events.foreign.trim(), parts, redact);
}

function isOver(parts: AnswerParts): boolean {
  return parts.reason !== undefined || parts.done;
}

/** Reasons, in the words of several providers, after which the rest of the answer is missing. */
const lengthReasons = new Set(["length", "max_tokens", "model_length", "MAX_TOKENS"]);
const filterReasons = new Set(["content_filter", "safety", "SAFETY"]);

function endOfParts(parts: AnswerParts): AnswerEnd {
  const reason = parts.reason ?? "";
  const isHalf = parts.calls.count > 0 || parts.text.trim() === "";
  if (lengthReasons.has(reason) && isHalf) {
    const what = "cut the answer at its length before it said what to do";
    return { ...failed("cut", what), atLength: true };
  }
  // What is there of such an answer is not what the model had to say.
  if (filterReasons.has(reason)) {
    return failed("bad_request", "stopped the answer by its content filter (content_filter)");
  }
  if (reason === "error") return failed("cut", "ended the answer with an error of its own");
  const calls = parts.calls.calls();
  if (calls.some(({ name }) => name === "")) {
    return failed("malformed", "sent a tool call without a name");
  }
  // Without a reason only the stream is known to be over, and a proxy may have ended it.
  if (parts.reason === undefined && !calls.every(({ text }) => isJsonObject(text))) {
    return failed("cut", "ended the stream in the middle of a tool call");
  }
  return { type: "whole", text: parts.text, calls };
}

/** What is no event at all: a complaint, a whole answer that was not streamed, or a page. */
function endOfForeign(text: string, parts: AnswerParts, redact: Redact): AnswerEnd {
  const heard = parts.characters;
  const value = text.startsWith("{") || text.startsWith("[") ? parseJson(text) : undefined;
  if (value !== undefined && heard === 0) {
    parts.takeValue(value);
    if (parts.complaint === undefined && isOver(parts)) return endOfParts(parts);
  }
  if (value !== undefined && isComplaint(value)) {
    return { type: "complained", complaint: complaintOf(value, redact) };
  }
  if (heard > 0) return failed("cut", `broke off after ${heard} characters`);
  if (text === "") return failed("cut", "ended the stream without an answer");
  if (text.startsWith("<")) return failed("malformed", `answered with ${pageWords(text, redact)}`);
  const { message } = readComplaint(text, redact);
  return failed("malformed", `answered with no answer of a model: ${message}`);
}

function isComplaint(value: unknown): boolean {
  const { error, detail, errors } = fieldsOf(Array.isArray(value) ? value[0] : value);
  return [error, detail, errors].some((said) => said !== undefined && said !== null);
}

function failed(kind: "cut" | "malformed" | "bad_request", what: string) {
  return { type: "failed", kind, what } as const;
}
