/** What a provider, or a proxy before it, says of a failure: read from JSON of many shapes, from a web page or from plain text,
 *  into the same few fields. It never keeps more of it than a line, and lets nothing pass that was not redacted first. */
import { oneLine } from "../core/text.ts";
import { parseJson } from "./model-json.ts";

/** As the wire has it; every field is only as true as whoever sent it. */
export interface Complaint {
  readonly message: string;
  /** `code`, `type` and `status` of whoever uses which, such as `context_length_exceeded` or `529`. */
  readonly codes: readonly string[];
  /** The field of our request that it is about. */
  readonly field?: string;
}

/** Takes out what must never be said. It comes before any cutting: half a key is a key to somebody. */
export type Redact = (text: string) => string;

const messageCharactersMax = 300;
const codeCharactersMax = 80;
const codesMax = 8;
const depthMax = 4;

/** Of the body of an answer that failed, whatever it is. */
export function readComplaint(body: string, redact: Redact): Complaint {
  const text = body.trim();
  const json = /^[[{"]/.test(text) ? parseJson(text) : undefined;
  if (json !== undefined) return complaintOf(json, redact);
  if (text === "") return { message: "it gave no reason", codes: [] };
  if (!text.startsWith("<")) return { message: bounded(redact(text)), codes: [] };
  return { message: pageWords(text, redact), codes: [] };
}

/** `a web page titled "…"`, which is all that is worth saying of one. */
export function pageWords(text: string, redact: Redact): string {
  const title = /<title[^>]*>([^<]*)</i.exec(text)?.[1]?.trim();
  return bounded(redact(`a web page${title ? ` titled "${title}"` : ""}`));
}

/** Of a value that came as JSON: `{"error":{…}}`, `{"error":"…"}`, `{"detail":[…]}`, `[{"error":…}]`, `{"message":…}`. */
export function complaintOf(json: unknown, redact: Redact): Complaint {
  const { messages, codes, field } = gather(json, depthMax);
  const said = messages.length > 0 ? messages.join("; ") : (JSON.stringify(json) ?? "");
  return {
    message: bounded(redact(said)),
    codes: codes.slice(0, codesMax).map((code) => short(redact(code))),
    ...(field === undefined ? {} : { field: short(redact(field)) }),
  };
}

/** One line, without what a terminal would obey, and not too long. */
export function bounded(text: string): string {
  const line = oneLine(text.slice(0, messageCharactersMax * 4));
  return line.length > messageCharactersMax ? `${line.slice(0, messageCharactersMax)}…` : line;
}

interface Gathered {
  readonly messages: readonly string[];
  readonly codes: readonly string[];
  readonly field: string | undefined;
}

const nothing: Gathered = { messages: [], codes: [], field: undefined };

function gather(json: unknown, depth: number): Gathered {
  if (depth === 0 || json === null || json === undefined) return nothing;
  if (typeof json === "string") return { ...nothing, messages: [json] };
  if (Array.isArray(json)) return joined(json.slice(0, codesMax).map((one) => gather(one, depth)));
  if (typeof json !== "object") return nothing;
  const { error, errors, detail, message, msg, ...rest } = json as Readonly<
    Record<string, unknown>
  >;
  const inner = [error, errors, detail, message, msg].map((one) => gather(one, depth - 1));
  return joined([{ messages: [], codes: codesOf(rest), field: fieldOf(rest) }, ...inner]);
}

function codesOf(rest: Readonly<Record<string, unknown>>): readonly string[] {
  return [rest["code"], rest["type"], rest["status"]].flatMap((code) =>
    typeof code === "string" || typeof code === "number" ? [String(code)] : [],
  );
}

/** `param` as OpenAI has it, the end of `loc` as FastAPI has it. */
function fieldOf({ param, loc }: Readonly<Record<string, unknown>>): string | undefined {
  const named: unknown = typeof param === "string" ? param : Array.isArray(loc) ? loc.at(-1) : "";
  return typeof named === "string" && named !== "" ? named : undefined;
}

function short(text: string): string {
  return oneLine(text.slice(0, codeCharactersMax));
}

function joined(parts: readonly Gathered[]): Gathered {
  return {
    messages: parts.flatMap(({ messages }) => messages),
    codes: parts.flatMap(({ codes }) => codes),
    field: parts.map(({ field }) => field).find((field) => field !== undefined),
  };
}
