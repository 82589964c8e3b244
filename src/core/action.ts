/** What decide says comes next. A fact to record goes to the journal; anything else is one thing for the hands, asked for again
 *  at every decision until its answer is in the journal: the loop knows which are in flight, and after a crash none is. */
import type { Approach, Cut, MergeSubject, RunEvent, StopWhy } from "./event.ts";
import type { RefName, Sha, UnitId } from "./id.ts";
import type { Completion } from "./plan.ts";

export type HandAction =
  /** Carry out an attempt; answers with unit-finished. */
  | {
      readonly type: "work";
      readonly unit: UnitId;
      readonly attempt: number;
      readonly base: Sha;
      readonly slot: number;
      readonly continues?: Cut;
      readonly others: readonly Approach[];
    }
  /** End an attempt's worker; the attempt itself answers, or this does where it never began. */
  | {
      readonly type: "stop-work";
      readonly unit: UnitId;
      readonly attempt: number;
      readonly why: StopWhy;
    }
  /** Secure what an attempt of a killed runner left; answers with unit-interrupted. */
  | {
      readonly type: "recover-work";
      readonly unit: UnitId;
      readonly attempt: number;
      readonly base: Sha;
      readonly slot: number;
      /** What it was being stopped for: the answer says it again. */
      readonly stopping?: StopWhy;
      readonly others: readonly Approach[];
    }
  /** Merge `head` onto `onto` in memory; answers with candidate-made or merge-finished (conflict). */
  | {
      readonly type: "merge";
      readonly subject: MergeSubject;
      readonly onto: Sha;
      readonly head: Sha;
    }
  /** Run one check on the tree of `commit`; answers with check-finished or check-interrupted. `position` tells the checks of
   *  one commit apart: those of the merged tree first, then those of doneWhen. */
  | {
      readonly type: "check";
      readonly commit: Sha;
      readonly check: Completion;
      readonly position: number;
    }
  /** The check itself answers, or this does (check-interrupted) where it never began. */
  | { readonly type: "stop-check"; readonly commit: Sha; readonly position: number }
  /** Move the integration branch by compare-and-swap; answers with merge-finished (merged). */
  | {
      readonly type: "advance";
      readonly subject: MergeSubject;
      readonly onto: Sha;
      readonly commit: Sha;
    }
  /** Answers with target-seen. */
  | { readonly type: "look-at-target"; readonly target: RefName; readonly integration: Sha }
  /** Answers with landed, land-refused, or (the target moved again) target-seen. */
  | {
      readonly type: "land";
      readonly target: RefName;
      readonly old: Sha;
      readonly new: Sha;
      readonly since: number;
    }
  /** Answers with undone or undo-refused. */
  | {
      readonly type: "undo";
      readonly target: RefName;
      readonly old: Sha;
      readonly new: Sha;
      readonly since: number;
    }
  /** Answers with run-summarised, whatever becomes of it. */
  | { readonly type: "summarise" }
  /** Answers with cleaned. */
  | { readonly type: "clean"; readonly depth: CleanDepth };

/** `end` after every run; `landed` and `discard` when a person asks. */
export type CleanDepth = "end" | "landed" | "discard";

export type Action = { readonly type: "record"; readonly event: RunEvent } | HandAction;

/** Two actions with one key are the same thing to do. */
export function actionKey(action: HandAction): string {
  switch (action.type) {
    case "work":
    case "stop-work":
    case "recover-work":
      return `${action.type} ${action.unit} ${action.attempt}`;
    case "check":
    case "stop-check":
      return `${action.type} ${action.commit} ${action.position}`;
    default:
      return action.type;
  }
}

/** What cannot be asked for any more once the action itself failed: there is nothing left that could be stopped. */
export function stopKey(action: HandAction): string | undefined {
  switch (action.type) {
    case "work":
      return actionKey({ ...action, type: "stop-work", why: "interrupted" });
    case "check":
      return actionKey({ ...action, type: "stop-check" });
    default:
      return undefined;
  }
}
