/** Several attempts at one unit, made at the same time: those that passed the gate and the checks are put before a judge, and one of
 *  them becomes the unit's work. The others stay as snapshots. */
import { jsonIn } from "../core/aggregate.ts";
import type { AttemptOutcome } from "../core/event.ts";
import { unitRef } from "../core/id.ts";
import type { Judge } from "../core/worker.ts";
import { diffText } from "../git/diff-text.ts";
import { putRef } from "../git/ref.ts";
import type { AttemptEnd } from "./attempt.ts";
import type { AttemptParts } from "./attempt-parts.ts";

export type Approached = AttemptEnd & { readonly attempt: number };

type Completed = Extract<AttemptOutcome, { type: "completed" }>;

const diffCharsMax = 60_000;

export async function chooseApproach(
  parts: AttemptParts,
  ends: readonly Approached[],
  judge: Judge | undefined,
  signal: AbortSignal,
): Promise<AttemptOutcome> {
  const done = ends.flatMap(({ attempt, outcome }) =>
    outcome.type === "completed" ? [{ attempt, outcome }] : [],
  );
  if (done.length === 0) return without(ends);
  const chosen = await choose(parts, done, judge, signal);
  if (chosen === undefined) return { type: "stopped" };
  const { outcome, attempt, why } = chosen;
  const { pool, assignment } = parts;
  const { run, unit, base } = assignment;
  if (outcome.head !== base) {
    await putRef(pool.repository, { ref: unitRef(run, unit), new: outcome.head, likely: base });
  }
  const words = `approach ${attempt} was chosen of ${ends.map((end) => end.attempt).join(", ")}: ${why}`;
  const summary = outcome.summary.trim();
  // Words behind JSON would make words of it: the judge has said why in its own.
  if (jsonIn(summary) !== undefined) return { ...outcome, chosen: attempt };
  return { ...outcome, chosen: attempt, summary: `${summary}\n\n${words}`.trim() };
}

/** Stopped and parked ones first: those are to be tried again. */
function without(ends: readonly Approached[]): AttemptOutcome {
  const types = ["parked", "stopped", "refused"];
  const sorted = [...ends].sort(
    (a, b) => types.indexOf(a.outcome.type) - types.indexOf(b.outcome.type),
  );
  const outcome = sorted[0]?.outcome ?? { type: "stopped" };
  if (outcome.type !== "refused") return outcome;
  const messages = ends.flatMap(({ attempt, outcome: one }) =>
    one.type === "refused" ? [`approach ${attempt}: ${one.reason.message}`] : [],
  );
  const message = `none of ${ends.length} approaches passed: ${messages.join("; ")}`;
  return { ...outcome, reason: { ...outcome.reason, message } };
}

async function choose(
  parts: AttemptParts,
  done: readonly { readonly attempt: number; readonly outcome: Completed }[],
  judge: Judge | undefined,
  signal: AbortSignal,
) {
  const [first] = done;
  if (first === undefined) return undefined;
  if (done.length === 1) return { ...first, why: "it alone passed its checks" };
  if (judge === undefined) return { ...first, why: "it was the first to pass its checks" };
  const { assignment, pool, desk } = parts;
  const candidates = await Promise.all(
    done.map(async ({ attempt, outcome: { head, summary, changed } }) => {
      const diff = await diffText(pool.repository, {
        from: assignment.base,
        to: head,
        charsMax: diffCharsMax,
      });
      return { attempt, summary, changed, diff };
    }),
  );
  const verdict = await judge.choose({ assignment, candidates }, desk, signal);
  if (verdict === undefined) return undefined;
  const chosen = done.find(({ attempt }) => attempt === verdict.attempt) ?? first;
  return { ...chosen, why: verdict.why };
}
