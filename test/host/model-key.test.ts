import { inspect } from "node:util";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createModel } from "../../src/host/model.ts";
import { ModelLane } from "../../src/host/model-lane.ts";
import { askPatiently } from "../../src/host/model-retry.ts";
import { handClock } from "../support/hand-clock.ts";
import { modelRequest, modelSettings } from "../support/model-scene.ts";
import { modelServer } from "../support/model-server.ts";
import {
  bodied,
  delta,
  event,
  type RawAnswer,
  rawModelServer,
  streamed,
} from "../support/raw-model-server.ts";

const key = 'sk-planted/"key"-0123456789';
const forms = [
  key,
  JSON.stringify(key).slice(1, -1),
  key.replaceAll("/", "\\/"),
  encodeURIComponent(key),
];
const signal = new AbortController().signal;

/** All that anybody could print of it: properties that are hidden, causes and stacks too. */
function everythingOf(value: unknown): string {
  const shown = inspect(value, { depth: Infinity, showHidden: true, maxStringLength: Infinity });
  const failure = value instanceof Error ? `${value.stack} ${inspect(value.cause)}` : "";
  return `${shown} ${JSON.stringify(value)} ${failure}`;
}

function expectNoKey(value: unknown): void {
  const shown = everythingOf(value);
  for (const form of forms) expect(shown).not.toContain(form);
  expect(shown).not.toContain("planted");
}

const echo = `Incorrect API key provided: ${key}. ${"x".repeat(230)} ${key}`;
const echoes: readonly (readonly [string, RawAnswer])[] = [
  [
    "a refusal that says it",
    bodied(401, JSON.stringify({ error: { message: echo, code: key, param: key } })),
  ],
  [
    "a refusal with escaped slashes",
    bodied(401, JSON.stringify({ error: echo }).replaceAll("/", "\\/")),
  ],
  ["plain text", bodied(500, echo)],
  ["a web page", bodied(403, `<html><title>${key}</title></html>`)],
  ["an address", bodied(400, `see https://x/?key=${encodeURIComponent(key)}`)],
  ["a 200 with an error", bodied(200, JSON.stringify({ error: { message: echo } }))],
  ["a 200 with a page", bodied(200, `<title>${key}</title>`)],
  ["a 200 with text", bodied(200, echo)],
  ["an error inside a stream", streamed(event({ error: { message: echo, type: key } }))],
  ["a stream that breaks off", streamed(delta({ content: echo }))],
  [
    "a header",
    bodied(429, "{}", {
      "retry-after": encodeURIComponent(key),
      "x-request-id": encodeURIComponent(key),
    }),
  ],
];

describe("the key", () => {
  it.each(echoes)("is in nothing that comes of %s", async (_, answer) => {
    const server = await rawModelServer(answer);
    const model = await createModel(modelSettings(server.baseURL), { name: "model", key });
    const outcome = await model.ask(modelRequest("go"), signal);
    expect(outcome.type).toBe("failed");
    expect(server.requests[0]?.headers.authorization).toBe(`Bearer ${key}`);
    expectNoKey(outcome);
    const clock = handClock();
    const lane = new ModelLane({ clock });
    const patient = askPatiently(model, modelRequest("go"), { signal, lane, clock });
    let settled = false;
    void patient.finally(() => {
      settled = true;
    });
    while (!settled) await clock.pass(1_000);
    expectNoKey(await patient);
  });

  it("is in nothing that is said of a host that is not there, or in an address with a password", async () => {
    for (const baseURL of ["http://127.0.0.1:1/v1", `http://user:planted@127.0.0.1:1/v1`]) {
      const model = await createModel(modelSettings(baseURL), { name: "model", key });
      const outcome = await model.ask(modelRequest("go"), signal);
      expect(outcome).toMatchObject({ type: "failed", fault: { kind: "unreachable" } });
      expectNoKey(outcome);
    }
  });

  it("is in nothing that is said of a key which no header can hold", async () => {
    for (const odd of [`sk-planted\nkey-123456`, "sk-planted-🔑-123456", "sk-planted key"]) {
      const model = await createModel(modelSettings("http://127.0.0.1:1/v1"), {
        name: "m",
        key: odd,
      });
      const outcome = await model.ask(modelRequest("go"), signal);
      expect(outcome).toMatchObject({
        type: "failed",
        fault: { kind: "refused_key", message: expect.stringContaining("MODEL_KEY") },
      });
      expectNoKey(outcome);
    }
  });

  it("is in nothing that is printed, whatever the environment asks the package to log", async () => {
    vi.stubEnv("OPENAI_LOG", "debug");
    onTestFinished(() => {
      vi.unstubAllEnvs();
      vi.restoreAllMocks();
    });
    const printed: unknown[] = [];
    for (const method of ["log", "info", "warn", "error", "debug"] as const) {
      vi.spyOn(console, method).mockImplementation((...words) => void printed.push(words));
    }
    const server = await rawModelServer(streamed("data: {broken\n\n"));
    const model = await createModel(modelSettings(server.baseURL), { name: "model", key });
    await model.ask(modelRequest("go"), signal);
    expect(printed).toEqual([]);
    expectNoKey(model);
  });

  it("is sent without the line break of the file that it came from", async () => {
    const server = await modelServer(
      [{ match: { userMessage: "go" }, response: { content: "Hi" } }],
      { key: "sk-right" },
    );
    const settings = modelSettings(server.baseURL);
    const right = await createModel(settings, { name: "right", key: "sk-right\n" });
    const wrong = await createModel(settings, { name: "wrong", key: "sk-wrong" });
    expect(await right.ask(modelRequest("go"), signal)).toMatchObject({ type: "answered" });
    expect(await wrong.ask(modelRequest("go"), signal)).toMatchObject({
      type: "failed",
      fault: { kind: "refused_key", status: 401 },
    });
  });

  it("is not sent where there is none, nor one of another service in its place", async () => {
    vi.stubEnv("OPENAI_API_KEY", "sk-of-openai");
    vi.stubEnv("OPENAI_ADMIN_KEY", "sk-of-admin");
    vi.stubEnv("OPENAI_ORG_ID", "org-of-openai");
    onTestFinished(() => void vi.unstubAllEnvs());
    const server = await rawModelServer(streamed(delta({ content: "Hi" }, "stop")));
    const model = await createModel(modelSettings(server.baseURL), { name: "m", key: undefined });
    expect(await model.ask(modelRequest("go"), signal)).toMatchObject({ type: "answered" });
    expect(JSON.stringify(server.requests[0]?.headers)).not.toMatch(/openai"|sk-of|org-of|bearer/i);
  });
});
