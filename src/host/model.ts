/** The only door to the openai package: one streamed Chat Completions request to one endpoint, and what came of it as a value.
 *  It never tries again by itself, never runs a tool, and never lets the key into what it answers. */
import type { OpenAI } from "openai";
import { Bug, messageOf } from "../core/failure.ts";
import type { Model, ModelOutcome, ModelRequest } from "../core/model.ts";
import type { ModelSettings } from "../core/settings.ts";
import { LoopTurns } from "./loop-turns.ts";
import { type Complaint, complaintOf, readComplaint } from "./model-complaint.ts";
import { type TurnWatch, watchTurn } from "./model-deadline.ts";
import {
  complainedFault,
  type FaultPlace,
  plainFault,
  redactor,
  retryAfter,
} from "./model-fault.ts";
import {
  type Asking,
  brokenOutcome,
  failed,
  outcomeOf,
  unansweredOutcome,
} from "./model-outcome.ts";
import { loadPrice } from "./model-price.ts";
import { hearAnswer } from "./model-stream.ts";
import { estimateRequest } from "./model-tokens.ts";
import {
  bodyText,
  isOpenAI,
  refusedFields,
  refuseField,
  type WireBody,
  wireBody,
} from "./model-wire.ts";

export interface ModelParts {
  /** As the configuration names it. */
  readonly name: string;
  /** Undefined where the variable is not set: the endpoint is asked without. */
  readonly key: string | undefined;
}

/** Loads the openai package and, where the configuration has no price, the price list. */
export async function createModel(settings: ModelSettings, parts: ModelParts): Promise<Model> {
  const [priceOf, openai] = await Promise.all([loadPrice(settings), import("openai")]);
  const key = parts.key?.trim() || undefined;
  const place = { host: new URL(settings.baseURL).host, redact: redactor(key) };
  const client = new openai.OpenAI(clientOptions(settings, key, place));
  const door: Door = { openai, client, settings, place, priceOf };
  const sayable = key === undefined || /^[\x21-\x7e]+$/.test(key);
  return {
    name: parts.name,
    keyName: settings.apiKeyEnv,
    ask: (request, signal) =>
      sayable ? ask(door, request, signal) : Promise.resolve(unsayable(door)),
    countTokens: estimateRequest,
    priceOf,
  };
}

interface Door extends Asking {
  readonly openai: typeof import("openai");
  readonly client: OpenAI;
}

function clientOptions({ baseURL }: ModelSettings, key: string | undefined, place: FaultPlace) {
  return {
    baseURL,
    // The package insists on a key; where there is none, its header is taken out again.
    apiKey: key ?? "none",
    ...(key === undefined ? { defaultHeaders: { Authorization: null } } : {}),
    adminAPIKey: null,
    webhookSecret: null,
    // Whose account at OpenAI it is: nobody else's business.
    ...(isOpenAI(baseURL) ? {} : { organization: null, project: null }),
    maxRetries: 0,
    logLevel: "off",
    fetch: fetchReadably(place),
  } as const;
}

/** Such a key would be refused by the package, in a message that has it inside. */
function unsayable({ place, settings }: Door): ModelOutcome {
  const what = `was not asked: ${settings.apiKeyEnv} holds characters that no key has`;
  return failed(plainFault(place, "refused_key", what));
}

const complaintBytesMax = 64 * 1024;

/** A failed answer is read here, bounded, and handed on in the one shape that the package keeps: of any other it keeps nothing. */
function fetchReadably({ redact }: FaultPlace): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    if (response.ok || response.body === null) return response;
    const { status, headers } = response;
    const error = readComplaint(await beginningOf(response.body), redact);
    return new Response(JSON.stringify({ error }), { status, headers: plainHeaders(headers) });
  };
}

async function beginningOf(body: ReadableStream<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > complaintBytesMax) break;
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** The rest told of a body that is no longer the one. */
function plainHeaders(headers: Headers): Headers {
  const kept = new Headers();
  for (const name of ["retry-after", "retry-after-ms", "x-request-id"]) {
    const value = headers.get(name);
    if (value !== null) kept.set(name, value);
  }
  return kept;
}

/** So many fields may be refused, one after the other, before a request is taken. */
const roundsMax = 4;

async function ask(door: Door, request: ModelRequest, signal: AbortSignal): Promise<ModelOutcome> {
  const { baseURL, model } = door.settings;
  const refused = refusedFields(baseURL, model);
  for (let round = 1; ; round += 1) {
    const body = wireBody(request, { baseURL, model, refused });
    const { outcome, complaint } = await askOnce(door, { request, body, signal });
    const isRefusal = outcome.type === "failed" && outcome.fault.kind === "bad_request";
    if (!isRefusal || complaint === undefined || round === roundsMax) return outcome;
    if (refuseField(refused, body, complaint) === undefined) return outcome;
  }
}

/** Answers that came at the same time are read one after the other. */
const hearing = new LoopTurns(2);

interface Asked {
  readonly request: ModelRequest;
  readonly body: WireBody;
  readonly signal: AbortSignal;
}

interface Tried {
  readonly outcome: ModelOutcome;
  readonly complaint?: Complaint;
}

async function askOnce(door: Door, asked: Asked): Promise<Tried> {
  if (asked.signal.aborted) return { outcome: { type: "stopped" } };
  const watch = watchTurn({ ...door.settings, signal: asked.signal });
  try {
    const response = await send(door, asked.body, watch);
    if (!(response instanceof Response)) return tried(door, asked, watch, response);
    if (response.body === null) {
      return { outcome: failed(plainFault(door.place, "cut", "answered with nothing")) };
    }
    const { redact } = door.place;
    const outputTokensMax = asked.request.outputTokensMax ?? door.settings.outputTokensMax;
    const options = { redact, onContent: watch.heard, outputTokensMax };
    await hearing.take();
    const heard = await hearAnswer(response.body, options);
    return { outcome: await outcomeOf(door, asked.request, watch, heard) };
  } finally {
    watch.dispose();
  }
}

interface Thrown {
  readonly error: unknown;
}

/** Until the first byte of the answer. */
async function send({ client, settings }: Door, body: WireBody, { signal }: TurnWatch) {
  const timeout = Math.max(1, Math.min(Math.ceil(settings.turnTimeoutMs), 2 ** 31 - 1));
  try {
    // What the package does for `chat.completions.create`, but for the JSON, which it would make anew of the whole history.
    return await client.post("/chat/completions", { ...wired(body), signal, timeout }).asResponse();
  } catch (error) {
    return { error } satisfies Thrown;
  }
}

function wired(body: WireBody) {
  const headers = { "content-type": "application/json" };
  return { body: bodyText(body), headers, stream: true };
}

/** What it means that no answer began. */
function tried(door: Door, { request }: Asked, watch: TurnWatch, { error }: Thrown): Tried {
  const { openai, place } = door;
  const ended = unansweredOutcome(door, request, watch);
  if (ended !== undefined) return { outcome: ended };
  if (error instanceof openai.APIConnectionError) {
    return { outcome: brokenOutcome(door, request, error) };
  }
  if (error instanceof openai.APIError && typeof error.status === "number") {
    const complaint = complaintFrom(error, place);
    const wait = retryAfter(error.headers ?? new Headers(), Date.now());
    const told = {
      status: error.status,
      ...(wait === undefined ? {} : { retryAfterMs: wait }),
    };
    return { outcome: failed(complainedFault(place, complaint, told)), complaint };
  }
  // Whatever it is, it may hold the request's headers: only its words go on, without the key.
  throw new Bug(place.redact(`the openai package failed: ${messageOf(error)}`));
}

/** `fetchReadably` has put it there; an answer without a body has none. */
function complaintFrom({ error }: { readonly error: unknown }, { redact }: FaultPlace): Complaint {
  return error === undefined ? readComplaint("", redact) : keptComplaint(error, redact);
}

function keptComplaint(error: unknown, redact: FaultPlace["redact"]): Complaint {
  const kept = error as Partial<Complaint>;
  return typeof kept.message === "string" && Array.isArray(kept.codes)
    ? { ...kept, message: kept.message, codes: kept.codes }
    : complaintOf(error, redact);
}
