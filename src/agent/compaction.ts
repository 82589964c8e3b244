/** When a conversation has to become smaller, and how: first old output of tools, then old history, in favour of the newest
 *  turns. It decides and words; `compacted.ts` does. */
import type { ModelRequest } from "../core/model.ts";
import { hasDroppable, startOfLast } from "./compacted.ts";
import type { Entry } from "./transcript-line.ts";

/** Share of the model's window that may fill before something is done. */
const windowShare = 0.8;
/** Newest turns that stay as they are; fewer where even they do not fit. */
const turnsKept = [4, 1] as const;

export type Compaction =
  | { readonly type: "drop"; readonly before: number }
  | { readonly type: "summary"; readonly keepFrom: number };

/** Undefined where it fits, or where nothing can be left out. `tokens` is what the next request takes. */
export function compactionOf(
  entries: readonly Entry[],
  tokens: number,
  window: number,
): Compaction | undefined {
  if (tokens <= window * windowShare) return undefined;
  for (const turns of turnsKept) {
    const from = startOfLast(entries, turns);
    if (hasDroppable(entries, from)) return { type: "drop", before: from };
    const old = entries.slice(0, from).filter(({ kept }) => kept !== true);
    // One entry is the summary that was made last.
    if (old.length > 1) return { type: "summary", keepFrom: from };
  }
  return undefined;
}

/** Asks for the summary of the history before `keepFrom`. */
export function summaryRequest(
  request: ModelRequest,
  entries: readonly Entry[],
  keepFrom: number,
): ModelRequest {
  const [system] = request.messages;
  const old = entries.slice(0, keepFrom).map(({ message }) => message);
  return {
    ...request,
    messages: [...(system === undefined ? [] : [system]), ...old, { role: "user", text: question }],
  };
}

const question =
  "Your history is about to be left out to save room, but for the task itself and your newest turns. Write down, in words and without calling a tool, all that you will need to go on: what was asked of you, what you found out (paths, names, line numbers), what you changed and why, what was tried and failed, what is still to do.";
