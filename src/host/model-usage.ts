/** What a provider says that an answer cost, in the fields of whoever it is. Numbers that cannot be are as good as none. */
import { fieldsOf } from "./model-json.ts";

export interface Usage {
  readonly inputTokens: number;
  /** Among those that go in. */
  readonly cachedTokens: number;
  readonly outputTokens: number;
  /** Where the provider tells the price of this very answer. */
  readonly usd?: number;
}

/** Undefined where nothing is told: some servers send nothing but zeros. */
export function readUsage(value: unknown): Usage | undefined {
  const told = fieldsOf(value);
  const inputTokens = count(told["prompt_tokens"]);
  const completion = count(told["completion_tokens"]);
  // Some leave the tokens of thinking out of the completion, and have them in the total only.
  const outputTokens = Math.max(completion, count(told["total_tokens"]) - inputTokens);
  if (inputTokens === 0 && completion === 0) return undefined;
  const cached =
    count(fieldsOf(told["prompt_tokens_details"])["cached_tokens"]) ||
    count(told["prompt_cache_hit_tokens"]);
  const usd = told["cost"];
  return {
    inputTokens,
    cachedTokens: Math.min(cached, inputTokens),
    outputTokens,
    ...(typeof usd === "number" && Number.isFinite(usd) && usd > 0 ? { usd } : {}),
  };
}

function count(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : 0;
}
