import { describe, expect, it } from "vitest";
import { isPassing, type ModelFaultKind } from "../../src/core/model.ts";
import { readComplaint } from "../../src/host/model-complaint.ts";
import { complainedFault, redactor, retryAfter } from "../../src/host/model-fault.ts";

const place = { host: "api.example", redact: (text: string) => text };

function faultOf(body: unknown, status?: number) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const complaint = readComplaint(text, place.redact);
  return complainedFault(place, complaint, status === undefined ? {} : { status });
}

const said: readonly (readonly [number | undefined, unknown, ModelFaultKind])[] = [
  [
    401,
    { error: { message: "Incorrect API key provided", code: "invalid_api_key" } },
    "refused_key",
  ],
  [403, { error: { message: "Your key may not use this model" } }, "refused_key"],
  [
    400,
    [
      {
        error: {
          message: "API key not valid. Please pass a valid API key.",
          status: "INVALID_ARGUMENT",
        },
      },
    ],
    "refused_key",
  ],
  [402, { error: "Insufficient Balance" }, "no_credit"],
  [429, { error: { message: "You exceeded your quota", code: "insufficient_quota" } }, "no_credit"],
  [403, { error: { message: "Your credit balance is too low" } }, "no_credit"],
  [
    404,
    { error: { message: "The model `x` does not exist", code: "model_not_found" } },
    "not_found",
  ],
  [400, { error: { message: 'model "llama9" not found, try pulling it first' } }, "not_found"],
  [404, "404 page not found", "not_found"],
  [400, { error: { message: "Unsupported value" } }, "bad_request"],
  [422, { detail: [{ loc: ["body", "n"], msg: "must be 1" }] }, "bad_request"],
  [400, { error: { message: "…", code: "context_length_exceeded" } }, "too_long"],
  [
    400,
    {
      error: {
        type: "exceed_context_size_error",
        message: "the request exceeds the available context size",
      },
    },
    "too_long",
  ],
  [413, "", "too_long"],
  [
    400,
    {
      error: {
        type: "invalid_request_error",
        message: "prompt is too long: 210000 tokens > 200000 maximum",
      },
    },
    "too_long",
  ],
  [
    429,
    { error: { message: "Request too large: too many input tokens per minute" } },
    "rate_limited",
  ],
  [
    429,
    [
      {
        error: {
          code: 429,
          message: "You exceeded your current quota",
          status: "RESOURCE_EXHAUSTED",
        },
      },
    ],
    "rate_limited",
  ],
  [408, "", "timed_out"],
  [500, { error: { message: "maximum context length: the server had an error" } }, "overloaded"],
  [503, "<html><body>busy</body></html>", "overloaded"],
  [
    529,
    { type: "error", error: { type: "overloaded_error", message: "Overloaded" } },
    "overloaded",
  ],
  [304, "", "malformed"],
  [undefined, { error: { code: 429, message: "slow" } }, "rate_limited"],
  [undefined, { error: { code: "529", message: "busy" } }, "overloaded"],
  [undefined, { error: { type: "invalid_request_error", message: "no" } }, "bad_request"],
  [undefined, { error: { type: "authentication_error", message: "no" } }, "refused_key"],
  [undefined, { error: { message: "something happened" } }, "overloaded"],
  [undefined, { error: true }, "overloaded"],
];

describe("the taxonomy of faults", () => {
  it.each(said)("%s %j is %s", (status, body, kind) => {
    expect(faultOf(body, status).kind).toBe(kind);
  });

  it("says who answered what, in one line without anything that a terminal obeys", () => {
    const fault = faultOf({ error: { message: `no\n\u001b[31m ${"long ".repeat(200)}` } }, 400);
    expect(fault.message).toMatch(/^api\.example answered 400: no \\x1b\[31m long/);
    expect(fault.message.length).toBeLessThanOrEqual(301);
    expect(fault.message).not.toContain("\n");
  });

  it("reads whatever a body is, and never more than a line of it", () => {
    const bodies = [
      "",
      "{",
      "[]",
      "null",
      '"text"',
      "[[[[]]]]",
      '{"error":null}',
      '{"error":{}}',
      "<",
      "\0",
    ];
    for (const body of bodies) expect(faultOf(body, 400)).toMatchObject({ kind: "bad_request" });
  });

  it("lets pass what may be well a little later, and nothing else", () => {
    const kinds: readonly ModelFaultKind[] = [
      "refused_key",
      "no_credit",
      "not_found",
      "bad_request",
      "too_long",
      "rate_limited",
      "overloaded",
      "unreachable",
      "cut",
      "timed_out",
      "malformed",
    ];
    const passing = kinds.filter((kind) => isPassing({ kind, message: "" }));
    expect(passing).toEqual([
      "rate_limited",
      "overloaded",
      "unreachable",
      "cut",
      "timed_out",
      "malformed",
    ]);
    expect(isPassing({ kind: "cut", message: "", atLength: true })).toBe(false);
  });
});

describe("the wait that a provider asks for", () => {
  const now = Date.parse("2026-11-20T12:00:00Z");
  const wait = (headers: Record<string, string>) => retryAfter(new Headers(headers), now);

  it("is in seconds, in milliseconds or a date", () => {
    expect(wait({ "retry-after": "7" })).toBe(7_000);
    expect(wait({ "retry-after": "0.5" })).toBe(500);
    expect(wait({ "retry-after": "9", "retry-after-ms": "20" })).toBe(20);
    expect(wait({ "retry-after": "Fri, 20 Nov 2026 12:00:30 GMT" })).toBe(30_000);
  });

  it("is never before now, nor longer than a day, nor made of nonsense", () => {
    expect(wait({ "retry-after": "Fri, 20 Nov 2026 11:00:00 GMT" })).toBe(0);
    expect(wait({ "retry-after": "99999999999" })).toBe(24 * 60 * 60 * 1_000);
    expect(wait({ "retry-after": "soon" })).toBeUndefined();
    expect(wait({})).toBeUndefined();
  });
});

describe("redacting", () => {
  it("takes out a key and the password of an address, and no ordinary word", () => {
    expect(redactor("sk-secret")("a sk-secret b")).toBe("a [key] b");
    expect(redactor("none")("there is none")).toBe("there is none");
    expect(redactor(undefined)("https://user:pass@host/v1")).toBe("https://host/v1");
  });
});
