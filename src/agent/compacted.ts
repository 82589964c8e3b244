/** How a conversation is made smaller: old output of tools becomes a pointer, then old history becomes a summary. The task is
 *  never touched, and a call is never parted from its result. Pure: which, and when, is decided in `compaction.ts`. */
import type { Entry } from "./transcript-line.ts";

/** Shorter output costs less than the confusion of its absence. */
const droppedCharactersMin = 400;

/** Entries with the output of tools before `before` dropped to pointers. */
export function droppedEntries(entries: readonly Entry[], before: number): readonly Entry[] {
  return entries.map((entry, at) => (at < before && isDroppable(entry) ? pointer(entry) : entry));
}

/** Whether dropping before `before` makes anything smaller. */
export function hasDroppable(entries: readonly Entry[], before: number): boolean {
  return entries.slice(0, before).some(isDroppable);
}

/** The history before `keepFrom` as one summary, behind what is never dropped. */
export function compactedEntries(
  entries: readonly Entry[],
  keepFrom: number,
  summary: string,
): readonly Entry[] {
  const kept = entries.slice(0, keepFrom).filter((entry) => entry.kept === true);
  const text = `What has happened so far, in your own words (the messages themselves were left out to save room):\n\n${summary.trim() || "Nothing was noted. Look at the files before you go on."}`;
  return [...kept, { message: { role: "user", text } }, ...entries.slice(keepFrom)];
}

/** Where the last `turns` turns begin; an answer of the model begins a turn. */
export function startOfLast(entries: readonly Entry[], turns: number): number {
  let left = turns;
  for (let at = entries.length - 1; at >= 0; at--) {
    if (entries[at]?.message.role !== "assistant") continue;
    left -= 1;
    if (left <= 0) return at;
  }
  return 0;
}

function isDroppable({ message, kept }: Entry): boolean {
  return kept !== true && message.role === "tool" && message.text.length > droppedCharactersMin;
}

function pointer(entry: Entry): Entry {
  const { message } = entry;
  if (message.role !== "tool") return entry;
  const text = `(Output of ${message.text.length} characters, left out to save room. It is kept in the transcript; make the call again where you need it.)`;
  return { ...entry, message: { ...message, text } };
}
