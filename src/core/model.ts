/** The port to a language model, and what goes through it as plain data. Whoever stands behind it speaks to one endpoint; it must
 *  never run a tool, and never answer with a call that did not come in whole. */
import type { Json } from "./plan.ts";
import type { Spend } from "./spend.ts";

/** A tool call as the model wrote it: `text` is meant to be a JSON object, and may be anything. */
export interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly text: string;
}

export type ModelMessage =
  | { readonly role: "system" | "user"; readonly text: string }
  | { readonly role: "assistant"; readonly text: string; readonly calls: readonly ToolCall[] }
  | { readonly role: "tool"; readonly call: string; readonly text: string };

export interface ToolSpec {
  readonly name: string;
  readonly description: string;
  /** A JSON Schema of the arguments: always an object. */
  readonly parameters: Json;
}

export interface ModelRequest {
  readonly messages: readonly ModelMessage[];
  /** In a stable order: providers cache by prefix. */
  readonly tools: readonly ToolSpec[];
  /** The answer is cut there by the provider; absent where nothing bounds it. */
  readonly outputTokensMax?: number;
}

export interface ModelAnswer {
  readonly text: string;
  /** None means that the model has nothing more to do; whatever the provider says why it stopped. */
  readonly calls: readonly ToolCall[];
  readonly spend: Spend;
  /** The provider told no usage: counted by us. */
  readonly estimated: boolean;
}

/** Why one request brought no answer. What may be tried again is `isPassing`. */
export type ModelFaultKind =
  /** 401, 403: the key. */
  | "refused_key"
  /** 402, insufficient_quota: money at the provider. */
  | "no_credit"
  /** 404: the model or the address. */
  | "not_found"
  /** 400, 422 and the like: asked again it fails again. */
  | "bad_request"
  /** The messages do not fit the model's window. */
  | "too_long"
  /** 429. */
  | "rate_limited"
  /** 500, 502, 503, 504, 529, by status or inside the stream. */
  | "overloaded"
  /** No connection: refused, reset, no such host. */
  | "unreachable"
  /** The stream ended without its end, or the answer was cut at its length in the middle of a call. */
  | "cut"
  /** No content for too long, or the turn took longer than it may. */
  | "timed_out"
  /** Not the protocol: HTML, no JSON, an answer without choices. */
  | "malformed";

export interface ModelFault {
  readonly kind: ModelFaultKind;
  /** One line, without the key. */
  readonly message: string;
  readonly status?: number;
  readonly retryAfterMs?: number;
  /** What it cost all the same, as far as anybody can know. */
  readonly spend?: Spend;
  /** Of `cut`: the answer was as long as it may be in the middle of what to do, and asked again it will be so again. */
  readonly atLength?: true;
}

export type ModelOutcome =
  | { readonly type: "answered"; readonly answer: ModelAnswer }
  | { readonly type: "failed"; readonly fault: ModelFault }
  /** The signal aborted. */
  | {
      readonly type: "stopped";
      /** What it may have cost all the same; absent where nothing was sent. */
      readonly spend?: Spend;
    };

/** Contract: one request, never tried again by itself; settles soon after `signal` aborts. What fails is an outcome. */
export interface Model {
  /** As the configuration names it. */
  readonly name: string;
  /** The environment variable that its key is in. */
  readonly keyName?: string;
  /** What to type once it can be used again, where that is not `pleach resume`: no run has begun. */
  readonly again?: string;
  ask(request: ModelRequest, signal: AbortSignal): Promise<ModelOutcome>;
  /** An estimate from above, in tokens, of what sending this costs. */
  countTokens(request: ModelRequest): number;
  /** Undefined where nobody knows the price. */
  priceOf(spend: Omit<Spend, "usd">): number | undefined;
}

/** Whether the same request may succeed a little later. */
export function isPassing({ kind, atLength }: ModelFault): boolean {
  if (atLength) return false;
  return ["rate_limited", "overloaded", "unreachable", "cut", "timed_out", "malformed"].includes(
    kind,
  );
}
