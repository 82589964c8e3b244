/** What one request came to: what was heard, why it ended and what it cost, as an outcome. A call of a tool gets through here
 *  only out of an answer that came in whole. */
import type { ModelAnswer, ModelFault, ModelOutcome, ModelRequest } from "../core/model.ts";
import type { ModelSettings } from "../core/settings.ts";
import type { Spend } from "../core/spend.ts";
import type { TurnWatch } from "./model-deadline.ts";
import {
  complainedFault,
  connectionFault,
  type FaultPlace,
  plainFault,
  wasNeverSent,
} from "./model-fault.ts";
import type { PriceOf } from "./model-price.ts";
import type { Heard } from "./model-stream.ts";
import { estimateRequest, loadTokenCount } from "./model-tokens.ts";
import type { Usage } from "./model-usage.ts";

/** Who was asked. */
export interface Asking {
  readonly settings: ModelSettings;
  readonly place: FaultPlace;
  readonly priceOf: PriceOf;
}

/** Of what was heard of an answer. */
export async function outcomeOf(
  asking: Asking,
  request: ModelRequest,
  watch: TurnWatch,
  { end, usage, characters }: Heard,
): Promise<ModelOutcome> {
  if (end.type === "whole") {
    const said = { text: end.text, calls: end.calls };
    return { type: "answered", answer: await answerOf(asking, request, said, usage) };
  }
  const spend =
    usage === undefined ? spendOf(asking, request, characters) : spendOfUsage(asking, usage);
  const ended = endedBy(asking, watch, spend);
  if (ended !== undefined) return ended;
  if (end.type === "complained") {
    // An overload that is told before anything was said costs nothing.
    const isFree = usage === undefined && characters === 0;
    const fault = complainedFault(asking.place, end.complaint);
    return failed(isFree ? fault : { ...fault, spend });
  }
  const fault = plainFault(asking.place, end.kind, end.what);
  // What is no answer of a model at all, such as a page of a proxy, costs nothing.
  if (end.kind === "malformed" && usage === undefined && characters === 0) return failed(fault);
  return failed({ ...fault, spend, ...(end.atLength ? { atLength: true } : {}) });
}

/** Where no answer began, and the signal tells why; undefined where it does not. */
export function unansweredOutcome(asking: Asking, request: ModelRequest, watch: TurnWatch) {
  return endedBy(asking, watch, spendOf(asking, request, 0));
}

/** Where the connection broke before an answer began: it may be charged for all the same. */
export function brokenOutcome(asking: Asking, request: ModelRequest, error: unknown): ModelOutcome {
  const fault = connectionFault(asking.place, error);
  return failed(wasNeverSent(error) ? fault : { ...fault, spend: spendOf(asking, request, 0) });
}

export function failed(fault: ModelFault): ModelOutcome {
  return { type: "failed", fault };
}

/** What the aborted signal means; an aborted stream would else pass for a cut one. */
function endedBy(
  { place, settings }: Asking,
  watch: TurnWatch,
  spend: Spend,
): ModelOutcome | undefined {
  const why = watch.ended();
  if (why === undefined) return undefined;
  if (why === "stopped") return { type: "stopped", spend };
  const what =
    why === "idle"
      ? `sent nothing of an answer for ${seconds(settings.idleTimeoutMs)}`
      : `took longer than ${seconds(settings.turnTimeoutMs)} for one turn`;
  return failed({ ...plainFault(place, "timed_out", what), spend });
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}

async function answerOf(
  asking: Asking,
  request: ModelRequest,
  said: Pick<ModelAnswer, "text" | "calls">,
  usage: Usage | undefined,
): Promise<ModelAnswer> {
  if (usage !== undefined) return { ...said, spend: spendOfUsage(asking, usage), estimated: false };
  const count = await loadTokenCount();
  const inputTokens = count.request(request);
  const outputTokens = said.calls.reduce(
    (sum, call) => sum + count.text(call.name) + count.text(call.text),
    count.text(said.text),
  );
  const spend = pricedSpend(asking, { inputTokens, cachedTokens: 0, outputTokens });
  return { ...said, spend, estimated: true };
}

/** The price in the configuration counts, then what the provider says that this answer cost, then the price list. */
function spendOfUsage(asking: Asking, { usd, ...tokens }: Usage): Spend {
  return usd !== undefined && asking.settings.price === undefined
    ? { ...tokens, usd }
    : pricedSpend(asking, tokens);
}

/** Of source text; fewer in other languages, which makes the estimate higher. */
const charactersPerToken = 3;

/** From above, of an answer that broke off: nobody tells what it cost. */
function spendOf(asking: Asking, request: ModelRequest, characters: number): Spend {
  const outputTokens = Math.ceil(characters / charactersPerToken);
  return pricedSpend(asking, {
    inputTokens: estimateRequest(request),
    cachedTokens: 0,
    outputTokens,
  });
}

function pricedSpend({ priceOf }: Asking, tokens: Omit<Spend, "usd">): Spend {
  return { ...tokens, usd: priceOf(tokens) ?? 0 };
}
