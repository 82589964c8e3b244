/** The one taxonomy of what goes wrong between us and a provider: HTTP status, errors inside the stream, pages of proxies and
 *  broken connections all become a `ModelFault`. No fault ever holds the key, nor an error object that might. */
import type { ModelFault, ModelFaultKind } from "../core/model.ts";
import { bounded, type Complaint, type Redact } from "./model-complaint.ts";

/** Where a fault is said to come from, and what must never be said. */
export interface FaultPlace {
  /** The host of the base URL. */
  readonly host: string;
  readonly redact: Redact;
}

interface Told {
  readonly status?: number;
  readonly retryAfterMs?: number;
}

/** Whoever answered says that it failed, by status or inside the stream. */
export function complainedFault(
  { host, redact }: FaultPlace,
  complaint: Complaint,
  { status, retryAfterMs }: Told = {},
): ModelFault {
  const said = status === undefined ? `${host} says:` : `${host} answered ${status}:`;
  return {
    kind: kindOf(complaint, status),
    message: bounded(redact(`${said} ${complaint.message}`)),
    ...(status === undefined ? {} : { status }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

/** What we say ourselves; `what` continues the host's name. */
export function plainFault({ host, redact }: FaultPlace, kind: ModelFaultKind, what: string) {
  return { kind, message: bounded(redact(`${host} ${what}`)) } satisfies ModelFault;
}

/** No answer at all came. */
export function connectionFault(place: FaultPlace, error: unknown): ModelFault {
  const code = connectionCode(error);
  if (code.startsWith("HPE_"))
    return plainFault(place, "malformed", `does not speak HTTP (${code})`);
  if (timeoutCodes.has(code))
    return plainFault(place, "timed_out", `gave no answer in time (${code})`);
  // There was a connection, and it was taken from under the answer.
  if (brokenCodes.has(code)) return plainFault(place, "cut", `cut its answer off (${code})`);
  return plainFault(place, "unreachable", `cannot be reached (${code || "no connection"})`);
}

const causesMax = 6;
const timeoutCodes = new Set(["UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT", "ETIMEDOUT"]);

const brokenCodes = new Set(["UND_ERR_SOCKET", "ECONNRESET", "EPIPE", "UND_ERR_ABORTED"]);

/** Codes of connections that were never made: whatever else breaks may have brought our request there. */
const unmadeCodes =
  /^(ECONNREFUSED|ENOTFOUND|EAI_|EHOST|ENET|EADDR|UND_ERR_CONNECT|CERT_|ERR_TLS|ERR_SSL|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/;

/** Whether the provider cannot have had our request, and so cannot have charged for it. */
export function wasNeverSent(error: unknown): boolean {
  return unmadeCodes.test(connectionCode(error));
}

/** Such as `ECONNREFUSED`: it lies somewhere down the causes. */
export function connectionCode(error: unknown): string {
  let at: unknown = error;
  for (let depth = 0; depth < causesMax && at instanceof Error; depth += 1) {
    const { code } = at as NodeJS.ErrnoException;
    if (typeof code === "string") return code;
    at = at.cause;
  }
  return "";
}

/** Words by which a fault is known whatever its status, looked for in this order. */
const telling: readonly (readonly [ModelFaultKind, RegExp])[] = [
  [
    "no_credit",
    /insufficient[_ ](quota|credit|balance|funds)|billing_|payment_required|credit balance/i,
  ],
  [
    "too_long",
    /context_length_exceeded|string_above_max_length|(maximum|max) context|context (length|window|size)|prompt is too long|too many (input )?tokens|input is too long/i,
  ],
  [
    "refused_key",
    /invalid_api_key|authentication_error|permission_error|api key not valid|(invalid|incorrect) api key|API_KEY_INVALID/i,
  ],
  [
    "not_found",
    /model_not_found|not_found_error|no such model|model .{0,80}(does not exist|not found)/i,
  ],
];

/** Words that tell only where there is no status: inside a stream that began with 200. */
const tellingInStream: readonly (readonly [ModelFaultKind, RegExp])[] = [
  ["rate_limited", /rate_?limit|too_many_requests|resource_exhausted/i],
  ["bad_request", /invalid_request|invalid_argument|content_filter|content_policy/i],
];

const byStatus: Readonly<Record<number, ModelFaultKind>> = {
  401: "refused_key",
  402: "no_credit",
  403: "refused_key",
  404: "not_found",
  408: "timed_out",
  409: "overloaded",
  413: "too_long",
  425: "overloaded",
  429: "rate_limited",
};

function kindOf(complaint: Complaint, status: number | undefined): ModelFaultKind {
  const words = [complaint.message, ...complaint.codes].join(" ");
  const told = telling.find(([kind, pattern]) => pattern.test(words) && fits(kind, status));
  if (told !== undefined) return told[0];
  const number = status ?? complaint.codes.map(Number).find((code) => code >= 400 && code < 600);
  if (number !== undefined) return kindOfStatus(number);
  return tellingInStream.find(([, pattern]) => pattern.test(words))?.[0] ?? "overloaded";
}

/** A server that fails, or is asked too often, is not believed about anything but money. */
function fits(kind: ModelFaultKind, status: number | undefined): boolean {
  return status === undefined || kind === "no_credit" || (status < 500 && status !== 429);
}

function kindOfStatus(status: number): ModelFaultKind {
  const named = byStatus[status];
  if (named !== undefined) return named;
  if (status >= 500) return "overloaded";
  return status >= 400 ? "bad_request" : "malformed";
}

const retryAfterMsMax = 24 * 60 * 60 * 1000;

/** `retry-after-ms`, or `retry-after` in seconds or as a date. */
export function retryAfter(headers: Headers, nowMs: number): number | undefined {
  const exact = waitOf(headers.get("retry-after-ms"), 1);
  if (exact !== undefined) return exact;
  const said = headers.get("retry-after");
  const seconds = waitOf(said, 1000);
  if (seconds !== undefined || said === null) return seconds;
  const date = Date.parse(said);
  return Number.isNaN(date) ? undefined : boundedWait(date - nowMs);
}

function waitOf(text: string | null, unitMs: number): number | undefined {
  return text !== null && /^\s*\d+(\.\d+)?\s*$/.test(text)
    ? boundedWait(Number(text) * unitMs)
    : undefined;
}

function boundedWait(ms: number): number {
  return Math.min(Math.max(0, Math.ceil(ms)), retryAfterMsMax);
}

/** A key shorter than this is no secret, but a word such as `none` that may stand in any text. */
const secretCharactersMin = 6;

/** Takes the key, in every form that it may come back in, and passwords in addresses out of a text. */
export function redactor(key: string | undefined): Redact {
  const secret = key?.trim() ?? "";
  const forms =
    secret.length < secretCharactersMin
      ? []
      : [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)];
  const unique = [...new Set(forms)].toSorted((a, b) => b.length - a.length);
  return (text) =>
    unique
      .reduce((kept, form) => kept.replaceAll(form, "[key]"), text)
      .replace(/:\/\/[^/\s@]*@/g, "://");
}
