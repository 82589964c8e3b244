/** What decide says comes next. Each is one thing for the hands; its beginning, if it has one, is journalled first. */
import type { MergeSubject, RunEvent, StopWhy } from "./event.ts";
import type { RefName, Sha, UnitId } from "./id.ts";
import type { Check } from "./plan.ts";

export type Action =
  /** Nothing for the hands: only a fact to record. */
  | { readonly type: "record"; readonly begins: RunEvent }
  | {
      readonly type: "start-unit";
      readonly begins: RunEvent;
      readonly unit: UnitId;
      readonly attempt: number;
      readonly base: Sha;
      readonly slot: number;
    }
  | {
      readonly type: "stop-unit";
      readonly begins: RunEvent;
      readonly unit: UnitId;
      readonly attempt: number;
      readonly why: StopWhy;
    }
  /** Merge `head` onto `onto` in memory; answers with candidate-made or merge-finished (conflict). */
  | {
      readonly type: "merge";
      readonly begins: RunEvent;
      readonly subject: MergeSubject;
      readonly onto: Sha;
      readonly head: Sha;
    }
  /** Run one check on the tree of `commit`; answers with check-finished. */
  | {
      readonly type: "check";
      readonly begins: RunEvent;
      readonly commit: Sha;
      readonly check: Check;
    }
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
      readonly begins: RunEvent;
      readonly target: RefName;
      readonly old: Sha;
      readonly new: Sha;
    }
  | {
      readonly type: "undo";
      readonly begins: RunEvent;
      readonly target: RefName;
      readonly old: Sha;
      readonly new: Sha;
    }
  /** Answers with cleaned. */
  | { readonly type: "clean"; readonly discard: boolean };
