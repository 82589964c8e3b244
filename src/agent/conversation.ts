/** What an agent knows: the fold of its transcript. Pure, so that an agent that was cut off anywhere goes on from its file as
 *  if nothing had happened; nothing about an agent may be remembered that is not in these lines. */

import type { AgentId } from "../core/desk.ts";
import { unreachable } from "../core/failure.ts";
import type { ModelMessage, ToolCall } from "../core/model.ts";
import type { Json } from "../core/plan.ts";
import { noSpend, type Spend, sumOf } from "../core/spend.ts";
import { compactedEntries, droppedEntries } from "./compacted.ts";
import type { AgentFinal, Entry, FilesRead, TranscriptLine } from "./transcript-line.ts";

type Line<T extends TranscriptLine["type"]> = Extract<TranscriptLine, { type: T }>;

/** A call of the last turn, and what has become of it. */
export interface PendingCall {
  readonly call: ToolCall;
  readonly child?: Line<"child">;
  /** It waits for a person, or has waited; `cleared` once the person agreed. */
  readonly waiting?: { readonly altered: boolean; readonly cleared: boolean };
  readonly result?: Line<"result">;
}

export interface Conversation {
  readonly begun?: Line<"begun">;
  readonly system: ModelMessage;
  readonly entries: readonly Entry[];
  /** What comes next: a call of the model, the tool calls of its last answer, or, after an answer without any, its end. */
  readonly stage: "ask" | "calls" | "rest" | "ended";
  readonly turns: number;
  /** Turns since it was begun or last spoken to again. */
  readonly turnsOfStint: number;
  readonly spent: Spend;
  /** Reserved by a call of the model that has no answer yet. */
  readonly open?: { readonly reserved: Spend; readonly keepFrom?: number };
  readonly calls: readonly PendingCall[];
  /** The text of its last turn. */
  readonly said: string;
  /** What it gave to `finish` in its last turn. */
  readonly finished?: { readonly data: Json };
  /** Calls in a row that were none. */
  readonly strikes: number;
  /** Answers in a row without a word and without a call. */
  readonly empties: number;
  /** How often a call has had this very result. */
  readonly repeats: ReadonlyMap<string, number>;
  /** The highest of those counts in the last turn. */
  readonly repeated: number;
  /** The last message of the inbox that it was told. */
  readonly seen: number;
  /** Every subagent it started, in order. */
  readonly children: readonly AgentId[];
  /** Those in the background whose end it was not told yet. */
  readonly background: readonly Line<"child">[];
  /** It was asked to sum up what its subagents found. */
  readonly aggregated: boolean;
  /** It was given the results of the subagents of its last turn as one. */
  readonly combined: boolean;
  /** How each of its stints ended. */
  readonly finals: readonly AgentFinal[];
  /** How often it was begun or spoken to again. */
  readonly stints: number;
  /** In this stint it was spoken to after the end of its unit. */
  readonly answers: boolean;
  /** The stints in which it may have changed files, by number. */
  readonly changedIn: ReadonlySet<number>;
  /** What it has read of which files. */
  readonly files: FilesRead;
}

export const emptyConversation: Conversation = {
  system: { role: "system", text: "" },
  entries: [],
  stage: "ask",
  turns: 0,
  turnsOfStint: 0,
  spent: noSpend,
  calls: [],
  said: "",
  strikes: 0,
  empties: 0,
  repeats: new Map(),
  repeated: 0,
  seen: 0,
  children: [],
  background: [],
  aggregated: false,
  combined: false,
  finals: [],
  stints: 0,
  answers: false,
  changedIn: new Set(),
  files: {},
};

export function foldTranscript(lines: readonly TranscriptLine[]): Conversation {
  return lines.reduce(withLine, emptyConversation);
}

export function withLine(was: Conversation, line: TranscriptLine): Conversation {
  switch (line.type) {
    case "begun":
      return begun(was, line);
    case "told":
      return told(was, line);
    case "asked":
      return { ...was, open: openOf(line) };
    case "answered":
      return answered(was, line);
    case "unanswered":
      return { ...closed(was), spent: sumOf(was.spent, line.spend) };
    case "child":
      return withChild(was, line);
    case "waiting": {
      const { altered } = line;
      return withCall(was, line.index, { waiting: { altered, cleared: false } });
    }
    case "cleared":
      return withCall(was, line.index, { waiting: { altered: false, cleared: true } });
    case "result":
      return withResult(was, line);
    case "dropped":
      return { ...was, entries: droppedEntries(was.entries, line.before) };
    case "resumed":
      return resumed(was, line);
    case "ended":
      return { ...was, stage: "ended", finals: [...was.finals, line.final] };
    default:
      return unreachable(line);
  }
}

function begun(was: Conversation, line: Line<"begun">): Conversation {
  const { entries, files = {} } = line;
  const system: ModelMessage = { role: "system", text: line.system };
  return { ...was, begun: line, system, entries, stints: 1, files };
}

function openOf({ reserved, keepFrom }: Line<"asked">): NonNullable<Conversation["open"]> {
  return { reserved, ...(keepFrom === undefined ? {} : { keepFrom }) };
}

function closed({ open: _, ...rest }: Conversation): Conversation {
  return rest;
}

function told(was: Conversation, line: Line<"told">): Conversation {
  const { text, upTo, child, from } = line;
  return {
    ...was,
    aggregated: was.aggregated || from === "aggregate",
    combined: was.combined || from === "results",
    // An answer that was cut at its length is a call that is none.
    strikes: from === "cut" ? was.strikes + 1 : was.strikes,
    entries: [...was.entries, user(text)],
    stage: "ask",
    seen: Math.max(was.seen, upTo ?? 0),
    background: was.background.filter(({ agent }) => agent !== child),
  };
}

function answered(was: Conversation, line: Line<"answered">): Conversation {
  const spent = sumOf(was.spent, line.spend);
  const keepFrom = was.open?.keepFrom;
  if (keepFrom !== undefined) {
    const entries = compactedEntries(was.entries, keepFrom, line.text);
    return { ...closed(was), spent, entries };
  }
  const { text, calls } = line;
  const { finished: _, ...rest } = closed(was);
  return {
    ...rest,
    spent,
    entries: [...was.entries, { message: { role: "assistant", text, calls } }],
    stage: calls.length === 0 ? "rest" : "calls",
    turns: was.turns + 1,
    turnsOfStint: was.turnsOfStint + 1,
    calls: calls.map((call) => ({ call })),
    combined: false,
    said: text,
    empties: text.trim() === "" && calls.length === 0 ? was.empties + 1 : 0,
  };
}

function withChild(was: Conversation, line: Line<"child">): Conversation {
  const isNew = !was.children.includes(line.agent);
  return {
    ...withCall(was, line.index, { child: line }),
    children: isNew ? [...was.children, line.agent] : was.children,
    background: line.background ? [...was.background, line] : was.background,
  };
}

function withCall(was: Conversation, index: number, facts: Partial<PendingCall>): Conversation {
  const calls = was.calls.map((each, at) => (at === index ? { ...each, ...facts } : each));
  return { ...was, calls };
}

/** Results are told to the model in the order of its calls, and all at once. */
function withResult(was: Conversation, line: Line<"result">): Conversation {
  const now: Conversation = {
    ...withCall(was, line.index, { result: line }),
    ...(line.finished === undefined ? {} : { finished: line.finished }),
    ...(line.changed ? { changedIn: new Set([...was.changedIn, was.stints - 1]) } : {}),
    ...(line.files === undefined ? {} : { files: { ...was.files, ...line.files } }),
  };
  const results = now.calls.map(({ result }) => result);
  if (!results.every((result) => result !== undefined)) return now;
  const messages = now.calls.map(({ call }, index): Entry => {
    return { message: { role: "tool", call: call.id, text: results[index]?.text ?? "" } };
  });
  return {
    ...now,
    entries: [...now.entries, ...messages],
    stage: now.finished === undefined ? "ask" : "rest",
    strikes: results.reduce((count, { strike }) => (strike ? count + 1 : 0), now.strikes),
    ...repeatsWith(now.repeats, results),
  };
}

function repeatsWith(
  before: ReadonlyMap<string, number>,
  results: readonly Line<"result">[],
): Pick<Conversation, "repeats" | "repeated"> {
  let repeats = new Map(before);
  let repeated = 0;
  for (const { same, changed, strike } of results) {
    // Counted as a strike already.
    if (strike) continue;
    const count = (repeats.get(same) ?? 0) + 1;
    // After a change the same call is no repetition, except of the change itself.
    if (changed) repeats = new Map();
    repeats.set(same, count);
    repeated = Math.max(repeated, count);
  }
  return { repeats, repeated };
}

function resumed(was: Conversation, { from, text, upTo }: Line<"resumed">): Conversation {
  const { finished: _, ...rest } = was;
  return {
    ...rest,
    entries: [...was.entries, ...unresolved(was), user(text)],
    seen: Math.max(was.seen, upTo ?? 0),
    answers: from === "inbox",
    stage: "ask",
    turnsOfStint: 0,
    strikes: 0,
    empties: 0,
    repeats: new Map(),
    repeated: 0,
    aggregated: false,
    stints: was.stints + 1,
  };
}

/** It ended in the midst of its calls: no provider takes a call without its result. */
function unresolved({ entries, calls }: Conversation): readonly Entry[] {
  const last = entries.at(-1)?.message;
  if (last?.role !== "assistant") return [];
  return calls.map(({ call, result }): Entry => {
    const text = result?.text ?? "Error: ended before it had a result";
    return { message: { role: "tool", call: call.id, text } };
  });
}

function user(text: string): Entry {
  return { message: { role: "user", text } };
}

/** What is sent to the model; each message is the very same value at every turn, so that what was made of it can be kept. */
export function messagesOf({ system, entries }: Conversation): readonly ModelMessage[] {
  return [system, ...entries.map(({ message }) => message)];
}
