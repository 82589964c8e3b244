/** What a plan will take in time, tokens and money, by one worker and by many. It rests on assumptions that are values with
 *  names, shown to whoever reads the estimate and kept with it; it never looks at what really happened. */
import { makespan } from "./makespan.ts";
import type { Assumptions, Cost, PlanEstimate, Unit } from "./plan.ts";
import type { Spend } from "./spend.ts";

export interface SizedFile {
  readonly path: string;
  readonly bytes: number;
}

/** USD of what goes in and out; undefined where nobody knows the price. */
export type PriceOf = (spend: Omit<Spend, "usd">) => number | undefined;

export interface EstimateFacts {
  readonly worker: Assumptions["worker"];
  readonly slots: number;
  readonly checks: number;
}

type Rates = Omit<Assumptions, keyof EstimateFacts>;

const checkSeconds = 20;
const kilobyte = 1024;

/** An agent reads a file, changes it and looks at it once more: three turns of some 6 seconds. Half of it is written anew, at 50
 *  tokens a second and 4 bytes a token. */
const agentRates: Rates = {
  unitSeconds: 30,
  fileSeconds: 18,
  kilobyteSeconds: 2.5,
  checkSeconds,
  unitInputTokens: 30_000,
  fileInputTokens: 30_000,
  kilobyteInputTokens: 256,
  cachedShare: 0.8,
  fileOutputTokens: 400,
  kilobyteOutputTokens: 128,
};

const codemodRates: Rates = {
  unitSeconds: 0.5,
  fileSeconds: 0.002,
  kilobyteSeconds: 0.0005,
  checkSeconds,
  unitInputTokens: 0,
  fileInputTokens: 0,
  kilobyteInputTokens: 0,
  cachedShare: 0,
  fileOutputTokens: 0,
  kilobyteOutputTokens: 0,
};

export function assumptionsOf(facts: EstimateFacts): Assumptions {
  return { ...facts, ...(facts.worker === "codemod" ? codemodRates : agentRates) };
}

/** Seconds that the file itself takes, in whatever unit it is. */
export function fileSeconds({ bytes }: Pick<SizedFile, "bytes">, by: Assumptions): number {
  return by.fileSeconds + (Math.max(0, bytes) / kilobyte) * by.kilobyteSeconds;
}

/** Seconds for all of them in one unit, until it is merged. */
export function serialSeconds(files: readonly SizedFile[], by: Assumptions): number {
  return workSeconds(files, by) + by.checks * by.checkSeconds;
}

/** `files` are those of each unit, in plan order. */
export function estimatePlan(
  units: readonly Unit[],
  files: readonly (readonly SizedFile[])[],
  by: Assumptions,
  priceOf: PriceOf,
): PlanEstimate {
  const seconds = files.map((list) => rounded(workSeconds(list, by)));
  const all = files.flat();
  const waits = { slots: by.slots, mergeSeconds: by.checks * by.checkSeconds };
  const side = { units, estimate: { units: seconds } };
  return {
    serial: costOf(serialSeconds(all, by), all, 1, by, priceOf),
    parallel: costOf(makespan(side, seconds, waits), all, units.length, by, priceOf),
    units: seconds,
    assumptions: by,
  };
}

function workSeconds(files: readonly SizedFile[], by: Assumptions): number {
  return files.reduce((sum, file) => sum + fileSeconds(file, by), by.unitSeconds);
}

function costOf(
  seconds: number,
  files: readonly SizedFile[],
  units: number,
  by: Assumptions,
  priceOf: PriceOf,
): Cost {
  const time = { seconds: rounded(seconds) };
  if (by.worker === "command") return { ...time, tokens: null, usd: null };
  if (by.worker === "codemod") return { ...time, tokens: 0, usd: 0 };
  const kilobytes = files.reduce((sum, { bytes }) => sum + Math.max(0, bytes) / kilobyte, 0);
  const inputTokens = Math.round(
    units * by.unitInputTokens +
      files.length * by.fileInputTokens +
      kilobytes * by.kilobyteInputTokens,
  );
  const outputTokens = Math.round(
    files.length * by.fileOutputTokens + kilobytes * by.kilobyteOutputTokens,
  );
  const cachedTokens = Math.round(inputTokens * by.cachedShare);
  const usd = priceOf({ inputTokens, cachedTokens, outputTokens });
  return {
    ...time,
    tokens: inputTokens + outputTokens,
    usd: usd === undefined ? null : Math.round(usd * 10_000) / 10_000,
  };
}

/** To a tenth of a second: finer is nothing but noise. */
function rounded(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}
