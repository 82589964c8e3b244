/** Asking a model patiently: what may pass is tried again after a while, within limits, and every try is shown to the caller
 *  before and after it, so that budget and journal see each. It never tries again what fails again. */
import { Failure } from "../core/failure.ts";
import {
  isPassing,
  type Model,
  type ModelAnswer,
  type ModelFault,
  type ModelFaultKind,
  type ModelOutcome,
  type ModelRequest,
} from "../core/model.ts";
import { type ModelClock, realClock } from "./model-clock.ts";
import type { LaneNews, ModelLane } from "./model-lane.ts";

export type TryPermit<Refusal> =
  | {
      readonly type: "go";
      /** In the place of the request's own: what a budget has left. */
      readonly outputTokensMax?: number;
    }
  | { readonly type: "refused"; readonly why: Refusal };

export interface PatienceOptions<Refusal> {
  readonly signal: AbortSignal;
  readonly lane: ModelLane;
  /** Before each try, with its place in the lane taken: reserves, and writes down that it begins. Must not ask a model itself. */
  readonly beforeTry?: (attempt: number) => Promise<TryPermit<Refusal>>;
  /** After each try that was permitted, whatever came of it: settles, and writes down. */
  readonly afterTry?: (outcome: ModelOutcome, attempt: number) => Promise<void>;
  readonly clock?: ModelClock;
  /** 0 … 1. */
  readonly random?: () => number;
}

export type PatientOutcome<Refusal = never> =
  | { readonly type: "answered"; readonly answer: ModelAnswer }
  /** This request fails whoever asks it, and however often: `bad_request`, `too_long`, or cut at its length. */
  | { readonly type: "failed"; readonly fault: ModelFault }
  /** Nobody can use the provider now. */
  | { readonly type: "out"; readonly fault: ModelFault; readonly failure: Failure }
  /** `beforeTry` did. */
  | { readonly type: "refused"; readonly why: Refusal }
  | { readonly type: "stopped" };

/** In a row; tries that are turned away while others are served begin a new row. */
export const triesMax = 6;
/** From the first fault of a row to its last try. */
export const patienceMs = 180_000;
const triesEverMax = 60;
const firstWaitMs = 1_000;
const waitMsMax = 60_000;
const retryAfterSpread = 0.1;

interface Row {
  readonly since: number;
  readonly successes: number;
  readonly tries: number;
}

/** Throws only what the hooks throw, and bugs. */
export async function askPatiently<Refusal = never>(
  model: Model,
  request: ModelRequest,
  options: PatienceOptions<Refusal>,
): Promise<PatientOutcome<Refusal>> {
  const { clock = realClock, random = Math.random, lane, signal } = options;
  let row: Row | undefined;
  for (let attempt = 1; ; attempt += 1) {
    const tried = await tryOnce(model, request, options, attempt);
    if (tried.type !== "failed") return tried.type === "answered" ? tried : endOf(tried);
    const { fault } = tried;
    if (!isPassing(fault)) return lastWord(model, fault);
    row = nextRow(row, fault, lane, clock);
    const waitMs = waitOf(fault, row.tries, random);
    const isOver = row.tries >= triesMax || attempt >= triesEverMax;
    if (isOver || clock.now() + waitMs > row.since + patienceMs) return out(model, fault, attempt);
    await clock.wait(waitMs, signal);
  }
}

type Tried<Refusal> = ModelOutcome | { readonly type: "refused"; readonly why: Refusal };

async function tryOnce<Refusal>(
  model: Model,
  request: ModelRequest,
  { signal, lane, beforeTry, afterTry }: PatienceOptions<Refusal>,
  attempt: number,
): Promise<Tried<Refusal>> {
  const pass = await lane.enter(signal);
  if (pass === undefined) return { type: "stopped" };
  let news: LaneNews = { type: "unknown" };
  try {
    const permit = (await beforeTry?.(attempt)) ?? { type: "go" };
    if (permit.type === "refused") return permit;
    const outcome = await model.ask(permittedRequest(request, permit.outputTokensMax), signal);
    news = newsOf(outcome);
    await afterTry?.(outcome, attempt);
    return outcome;
  } finally {
    pass.leave(news);
  }
}

function permittedRequest(request: ModelRequest, outputTokensMax: number | undefined) {
  return outputTokensMax === undefined ? request : { ...request, outputTokensMax };
}

function newsOf(outcome: ModelOutcome): LaneNews {
  if (outcome.type === "answered") return { type: "went_well" };
  if (outcome.type === "stopped" || !isTurnedAway(outcome.fault)) return { type: "unknown" };
  const { retryAfterMs } = outcome.fault;
  return { type: "too_much", ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

function isTurnedAway({ kind }: ModelFault): boolean {
  return kind === "rate_limited" || kind === "overloaded";
}

/** A provider that turns one away and serves others meanwhile is busy, and not out. */
function nextRow(row: Row | undefined, fault: ModelFault, lane: ModelLane, clock: ModelClock): Row {
  const { successes } = lane;
  const isServing = isTurnedAway(fault) && row !== undefined && successes > row.successes;
  return row === undefined || isServing
    ? { since: clock.now(), successes, tries: 1 }
    : { ...row, tries: row.tries + 1 };
}

/** Twice as long each time, at least as long as the provider says, and never the same for all. */
function waitOf({ retryAfterMs }: ModelFault, tries: number, random: () => number): number {
  const backoffMs = Math.min(waitMsMax, firstWaitMs * 2 ** (tries - 1)) * (0.5 + random() / 2);
  const saidMs = (retryAfterMs ?? 0) * (1 + random() * retryAfterSpread);
  return Math.ceil(Math.max(backoffMs, saidMs));
}

function endOf<Refusal>(
  tried: Exclude<Tried<Refusal>, { type: "answered" | "failed" }>,
): PatientOutcome<Refusal> {
  return tried.type === "refused" ? tried : { type: "stopped" };
}

/** What fails again: by the request's own fault, or by the provider's. */
function lastWord(model: Model, fault: ModelFault): PatientOutcome {
  return providerAdvice[fault.kind] === undefined
    ? { type: "failed", fault }
    : out(model, fault, 1);
}

/** What to do where it is no use to try again. */
const providerAdvice: Partial<Record<ModelFaultKind, string>> = {
  refused_key: "set a key that works in $KEY, then $AGAIN",
  no_credit: "add credit at the provider, then $AGAIN",
  not_found: "look at the worker's baseURL and model in .agentrc.json; pleach run starts anew",
};

function out(model: Model, fault: ModelFault, tries: number): PatientOutcome {
  const often = tries > 1 ? `, after ${tries} tries` : "";
  const { name, keyName = "the variable that its apiKeyEnv names", again } = model;
  const later =
    again === undefined
      ? "pleach resume goes on when it can be used again"
      : `when it can be used again, ${again}`;
  const advice = providerAdvice[fault.kind] ?? later;
  const failure = new Failure(
    "provider",
    `provider_${fault.kind}`,
    `the provider of worker ${name} cannot be used${often}: ${fault.message}`,
    {
      advice: advice
        .replace("$KEY", () => keyName)
        .replace("$AGAIN", () => again ?? "pleach resume"),
    },
  );
  return { type: "out", fault, failure };
}
