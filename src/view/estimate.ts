/** What a plan was thought to take, in words: before a run as a guess, after it beside what it took. Numbers are rounded as far as
 *  they can be trusted. */
import { sayRoughly } from "../core/duration.ts";
import type { Assumptions, Cost, PlanEstimate } from "../core/plan.ts";
import type { RunState } from "../core/run.ts";
import { totalSpend } from "./document.ts";
import { hasSpend, sayCount, sayDuration, saySpend } from "./words.ts";

/** One line. */
export function sayEstimate({ serial, parallel, assumptions, units }: PlanEstimate): string {
  if (units.length < 2) return sayCost(parallel);
  const slots = Math.min(assumptions.slots, units.length);
  return `${sayCost(parallel)} with ${sayCount(slots, "unit")} at once; ${sayCost(serial)} by one worker`;
}

/** What it rests on, so that whoever knows better can judge it. */
export function sayAssumptions(by: Assumptions): string {
  const { worker, unitSeconds, fileSeconds, kilobyteSeconds, checkSeconds, checks } = by;
  const times = `${unitSeconds} s a unit, ${fileSeconds} s a file, ${kilobyteSeconds} s a KB`;
  const checked =
    checks === 0 ? "" : `, ${checkSeconds} s for each of ${sayCount(checks, "check")}`;
  const tokens =
    worker === "model"
      ? `; tokens in: ${thousands(by.unitInputTokens)} a unit, ${thousands(by.fileInputTokens)} a file (${by.cachedShare * 100} % cached), ${by.kilobyteInputTokens} a KB; out: ${by.fileOutputTokens} a file, ${by.kilobyteOutputTokens} a KB`
      : "";
  const kind = { model: "a model", command: "an agent", codemod: "a codemod" }[worker];
  return `assumed of ${kind}: ${times}${checked}${tokens}`;
}

/** Once the run has come to its end; undefined before, and where nobody estimated it. */
export function sayComparison(state: RunState): string | undefined {
  const { estimate } = state.plan;
  if (estimate === undefined || state.at.phase !== "finished") return undefined;
  const { parallel, serial } = estimate;
  const spend = totalSpend(state);
  const spent = hasSpend(spend) ? `, ${saySpend(spend)}` : "";
  const alone = estimate.units.length < 2 ? "" : ` (by one worker ${sayCost(serial)})`;
  return `estimated ${sayCost(parallel)}${alone}; took ${sayDuration(state.activeMs)}${spent}`;
}

function sayCost({ seconds, tokens, usd }: Cost): string {
  return [
    sayRoughly(seconds),
    ...(tokens === null || tokens === 0 ? [] : [sayTokens(tokens)]),
    ...(usd === null || usd === 0 ? [] : [`$${usd.toFixed(usd < 1 ? 3 : 2)}`]),
  ].join(", ");
}

function sayTokens(tokens: number): string {
  if (tokens >= 1_000_000) return `${(tokens / 1_000_000).toFixed(1)} million tokens`;
  return `${thousands(tokens)} tokens`;
}

function thousands(count: number): string {
  return count >= 10_000 ? `${Math.round(count / 1000)},000` : String(count);
}
