/** Our request in the words of Chat Completions, the surface that every compatible server has. Fields beyond its core are sent
 *  only where they help, and never again to an address that refused one. */
import type { ModelMessage, ModelRequest, ToolCall } from "../core/model.ts";
import type { Json } from "../core/plan.ts";
import type { Complaint } from "./model-complaint.ts";
import { isJsonObject } from "./model-json.ts";

export type WireMessage = { readonly role: string; readonly content: string | null } & Readonly<
  Record<string, unknown>
>;

/** A body of POST /chat/completions. */
export interface WireBody {
  readonly model: string;
  readonly messages: readonly WireMessage[];
  readonly stream: true;
  readonly tools?: readonly unknown[];
  readonly [field: string]: unknown;
}

const optionalFields = ["stream_options", "max_completion_tokens", "max_tokens"] as const;
type OptionalField = (typeof optionalFields)[number];

/** Fields that a model at an address does not take; grows while this process runs. */
export type RefusedFields = Set<OptionalField>;

const known = new Map<string, RefusedFields>();
const addressesMax = 1_000;

/** The same set for everybody in this process who asks this model at this address. */
export function refusedFields(baseURL: string, model: string): RefusedFields {
  const key = `${baseURL}\n${model}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  if (known.size >= addressesMax) known.clear();
  const made: RefusedFields = new Set();
  known.set(key, made);
  return made;
}

export interface WireOptions {
  readonly model: string;
  readonly baseURL: string;
  readonly refused: RefusedFields;
}

export function wireBody(request: ModelRequest, options: WireOptions): WireBody {
  return {
    model: options.model,
    messages: request.messages.map((message) => wireMessage(message)),
    stream: true,
    ...(request.tools.length === 0 ? {} : { tools: wireTools(request.tools) }),
    ...usageField(options),
    ...lengthField(request, options),
  };
}

/** The body as JSON. A history is sent again each turn: what was said before is not put into JSON again, only joined. */
export function bodyText(body: WireBody): string {
  const fields = Object.entries(body).map(([name, value]) => {
    return `${JSON.stringify(name)}:${fieldText(body, name, value)}`;
  });
  return `{${fields.join(",")}}`;
}

function fieldText(body: WireBody, name: string, value: unknown): string {
  if (name === "messages") return `[${body.messages.map(keptText).join(",")}]`;
  return name === "tools" && body.tools !== undefined
    ? keptText(body.tools)
    : JSON.stringify(value);
}

const texts = new WeakMap<object, string>();

function keptText(value: object): string {
  const before = texts.get(value);
  if (before !== undefined) return before;
  const made = JSON.stringify(value);
  texts.set(value, made);
  return made;
}

/** Notes what `complaint` refuses of the optional fields in `body`; undefined where it is about something else. */
export function refuseField(
  refused: RefusedFields,
  body: WireBody,
  complaint: Complaint,
): OptionalField | undefined {
  const sent = optionalFields.filter((field) => field in body);
  // A refusal of one length field may name the other as what to use, so the field that it is about counts first.
  const named =
    sent.find((field) => complaint.field?.split(".")[0] === field) ??
    sent.find((field) => new RegExp(`\\b${field}\\b`).test(complaint.message));
  if (named !== undefined) refused.add(named);
  return named;
}

function usageField({ refused }: WireOptions): Readonly<Record<string, Json>> {
  return refused.has("stream_options") ? {} : { stream_options: { include_usage: true } };
}

/** OpenAI's newer models refuse `max_tokens`; most other servers know nothing else, and some ignore the newer name in silence. */
function lengthField(
  { outputTokensMax }: ModelRequest,
  { baseURL, refused }: WireOptions,
): Readonly<Record<string, Json>> {
  if (outputTokensMax === undefined) return {};
  const names = ["max_completion_tokens", "max_tokens"] as const;
  const wanted = isOpenAI(baseURL) ? names : names.toReversed();
  const name = wanted.find((field) => !refused.has(field));
  return name === undefined ? {} : { [name]: outputTokensMax };
}

/** OpenAI itself or its models in Azure. */
export function isOpenAI(baseURL: string): boolean {
  return /(^|\.)(openai\.com|openai\.azure\.com)$/.test(new URL(baseURL).hostname);
}

const wireMessages = new WeakMap<ModelMessage, WireMessage>();
const wiredTools = new WeakMap<ModelRequest["tools"], readonly unknown[]>();

/** A history is sent again each turn: what was made of a message is kept beside it. */
function wireMessage(message: ModelMessage): WireMessage {
  const before = wireMessages.get(message);
  if (before !== undefined) return before;
  const made = makeMessage(message);
  wireMessages.set(message, made);
  return made;
}

function makeMessage(message: ModelMessage): WireMessage {
  const { role, text } = message;
  if (role === "tool") return { role, content: text, tool_call_id: message.call };
  if (role !== "assistant" || message.calls.length === 0) return { role, content: text };
  return {
    role,
    content: text === "" ? null : text,
    tool_calls: message.calls.map((call) => ({
      id: call.id,
      type: "function",
      function: { name: call.name, arguments: safeArguments(call) },
    })),
  };
}

/** Some servers read the arguments in a history and fail the whole request where they are no JSON object. */
function safeArguments({ text }: ToolCall): string {
  return isJsonObject(text) ? text : JSON.stringify({ unreadable: text });
}

function wireTools(tools: ModelRequest["tools"]): readonly unknown[] {
  const before = wiredTools.get(tools);
  if (before !== undefined) return before;
  const made = tools.map(({ name, description, parameters }) => ({
    type: "function",
    function: { name, description, parameters },
  }));
  wiredTools.set(tools, made);
  return made;
}
