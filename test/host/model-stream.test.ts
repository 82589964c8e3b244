import { getEventListeners } from "node:events";
import type { ServerResponse } from "node:http";
import { describe, expect, it } from "vitest";
import type { ModelOutcome } from "../../src/core/model.ts";
import type { ModelSettings } from "../../src/core/settings.ts";
import { createModel } from "../../src/host/model.ts";
import { modelRequest, modelSettings } from "../support/model-scene.ts";
import {
  bodied,
  callDelta,
  delta,
  done,
  event,
  type RawAnswer,
  rawModelServer,
  streamed,
  usage,
} from "../support/raw-model-server.ts";

const never = new AbortController().signal;

async function ask(
  answer: RawAnswer,
  settings: Partial<ModelSettings> = {},
  signal = never,
): Promise<ModelOutcome> {
  const server = await rawModelServer(answer);
  const model = await createModel(modelSettings(server.baseURL, settings), {
    name: "model",
    key: "sk-test-key",
  });
  return await model.ask(modelRequest("go"), signal);
}

async function heard(...events: readonly string[]) {
  const outcome = await ask(streamed(...events));
  if (outcome.type !== "answered") return outcome;
  const { text, calls } = outcome.answer;
  return { text, calls: calls.map(({ id, name, text }) => [id, name, text]) };
}

const fragment = (index: unknown, id: unknown, name: unknown, text: unknown) => ({
  ...(index === undefined ? {} : { index }),
  ...(id === undefined ? {} : { id }),
  function: { ...(name === undefined ? {} : { name }), arguments: text },
});
const stop = delta({}, "tool_calls") + done;

const sendings: readonly (readonly [string, readonly string[], unknown])[] = [
  [
    "calls whose pieces take turns",
    [
      callDelta(fragment(0, "a", "read", "")),
      callDelta(fragment(1, "b", "list", '{"p')),
      callDelta(fragment(0, undefined, undefined, '{"path":'), fragment(1, "", "", 'ath":"x"}')),
      callDelta(fragment(0, undefined, undefined, '"y"}')),
      stop,
    ],
    [
      ["a", "read", '{"path":"y"}'],
      ["b", "list", '{"path":"x"}'],
    ],
  ],
  [
    "pieces without an index, told apart by id",
    [
      callDelta(fragment(undefined, "a", "read", '{"a"')),
      callDelta(fragment(undefined, "b", "read", '{"b":2}')),
      callDelta(fragment(undefined, "a", undefined, ":1}")),
      stop,
    ],
    [
      ["a", "read", '{"a":1}'],
      ["b", "read", '{"b":2}'],
    ],
  ],
  [
    "pieces without index and id, which belong to the last call",
    [
      callDelta(fragment(undefined, "a", "read", '{"a"')),
      callDelta(fragment(undefined, undefined, undefined, ":1}")),
      stop,
    ],
    [["a", "read", '{"a":1}']],
  ],
  [
    "a new id at the same index, which is a new call",
    [
      callDelta(fragment(0, "a", "read", '{"a":1}')),
      callDelta(fragment(0, "b", "read", '{"b"')),
      callDelta(fragment(0, undefined, undefined, ":2}")),
      stop,
    ],
    [
      ["a", "read", '{"a":1}'],
      ["b", "read", '{"b":2}'],
    ],
  ],
  [
    "several whole calls under one index without ids",
    [
      callDelta(fragment(0, "", "read", '{"a":1}')),
      callDelta(fragment(0, "", "read", '{"b":2}')),
      callDelta(fragment(0, "", "list", "{}")),
      stop,
    ],
    [
      [expect.stringMatching(/^call_/), "read", '{"a":1}'],
      [expect.stringMatching(/^call_/), "read", '{"b":2}'],
      [expect.stringMatching(/^call_/), "list", "{}"],
    ],
  ],
  [
    "the name and the id with every piece, the last one without text",
    [
      callDelta(fragment(0, "a", "read", '{"a"')),
      callDelta(fragment(0, "a", "read", ":1}")),
      callDelta(fragment(0, "a", "read", "")),
      stop,
    ],
    [["a", "read", '{"a":1}']],
  ],
  [
    "the name with every piece and no id",
    [
      callDelta(fragment(0, undefined, "read", '{"a"')),
      callDelta(fragment(0, undefined, "read", ":1}")),
      callDelta(fragment(0, undefined, "read", "")),
      stop,
    ],
    [[expect.any(String), "read", '{"a":1}']],
  ],
  [
    "an object for arguments",
    [callDelta(fragment(undefined, "a", "write", { path: "x", text: "y" })), stop],
    [["a", "write", '{"path":"x","text":"y"}']],
  ],
  [
    "no arguments at all",
    [callDelta({ index: 0, id: "a", function: { name: "list" } }), stop],
    [["a", "list", "{}"]],
  ],
  [
    "one object in the place of a list",
    [delta({ tool_calls: fragment(0, "a", "read", "{}") }), stop],
    [["a", "read", "{}"]],
  ],
  [
    "one id for two calls",
    [callDelta(fragment(0, "a", "read", "{}"), fragment(1, "a", "list", "{}")), stop],
    [
      ["a", "read", "{}"],
      [expect.stringMatching(/^call_[0-9a-f]{24}$/), "list", "{}"],
    ],
  ],
  [
    "calls and a reason that says that there are none",
    [callDelta(fragment(0, "a", "read", "{}")), delta({}, "stop"), done],
    [["a", "read", "{}"]],
  ],
];

describe("a stream", () => {
  it.each(sendings)("may bring %s", async (_, events, calls) => {
    expect(await heard(...events)).toEqual({ text: "", calls });
  });

  it("is read however its lines end and wherever its bytes are cut", async () => {
    const text = "Grüße 👋 aus 東京";
    const bytes = Buffer.from(
      `\ufeff: hello\r\nid: 1\r\nretry: 10\r\n\r\nevent: message\r\ndata:${JSON.stringify({
        choices: [{ delta: { content: text } }],
      })}\r\n\r\n${delta({}, "stop")}${done}`,
    );
    const outcome = await ask((response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (const byte of bytes) response.write(Buffer.from([byte]));
      response.end();
    });
    expect(outcome).toMatchObject({ type: "answered", answer: { text } });
  });

  it("may leave out the empty line or the mark at its end, but not its reason", async () => {
    const said = delta({ content: "Hi" });
    const whole = { type: "answered", answer: { text: "Hi" } };
    expect(await ask(streamed(said, delta({}, "stop")))).toMatchObject(whole);
    expect(await ask(streamed(said, "data: [DONE]"))).toMatchObject(whole);
    expect(await ask(streamed(said))).toMatchObject({ type: "failed", fault: { kind: "cut" } });
  });

  it("ends at its mark, though the server keeps the connection open", async () => {
    const outcome = await ask((response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(delta({ content: "Hi" }, "stop") + done);
    });
    expect(outcome).toMatchObject({ type: "answered", answer: { text: "Hi" } });
  });

  it("counts the last usage that it tells, and the tokens of thinking with it", async () => {
    const thinking = event({
      choices: [],
      usage: { prompt_tokens: 100, completion_tokens: 20, total_tokens: 150 },
    });
    const answer = delta({ content: "Hi" }, "stop");
    expect(
      await ask(streamed(usage(100, 1), usage(100, 2), answer, usage(100, 30), done)),
    ).toMatchObject({
      answer: { spend: { inputTokens: 100, outputTokens: 30 }, estimated: false },
    });
    expect(await ask(streamed(answer, thinking, done))).toMatchObject({
      answer: { spend: { inputTokens: 100, outputTokens: 50 } },
    });
  });

  it("is counted by us where it tells no usage, whatever is in the text", async () => {
    const outcome = await ask(streamed(delta({ content: "<|endoftext|> is text" }, "stop"), done));
    expect(outcome).toMatchObject({ type: "answered", answer: { estimated: true } });
    const spend = outcome.type === "answered" ? outcome.answer.spend : undefined;
    expect(spend?.inputTokens).toBeGreaterThan(0);
    expect(spend?.outputTokens).toBeGreaterThan(3);
    expect(spend?.outputTokens).toBeLessThan(20);
  });

  it("may be no stream but one whole answer", async () => {
    const message = { content: null, tool_calls: [fragment(undefined, "a", "read", "{}")] };
    const body = {
      choices: [{ message, finish_reason: "tool_calls" }],
      usage: { prompt_tokens: 5, completion_tokens: 2 },
    };
    expect(await ask(bodied(200, JSON.stringify(body, undefined, 2)))).toMatchObject({
      answer: { calls: [{ id: "a", name: "read", text: "{}" }], spend: { inputTokens: 5 } },
    });
  });
});

const half = callDelta(fragment(0, "a", "write", '{"path":"x'));
const whole = callDelta(fragment(0, "a", "write", '{"path":"x"}'));
const html = "<html><head><title>Sign in</title></head><body>…</body></html>";

const faults: readonly (readonly [string, RawAnswer, object])[] = [
  ["ends in the middle of a call", streamed(half), { kind: "cut" }],
  ["ends after a whole call without its reason", streamed(whole), { kind: "cut" }],
  ["says that it is over in the middle of a call", streamed(half, done), { kind: "cut" }],
  [
    "reaches its length in a call",
    streamed(half, delta({}, "length"), done),
    { kind: "cut", atLength: true },
  ],
  [
    "reaches its length after a call that looks whole",
    streamed(whole, delta({}, "length"), done),
    { kind: "cut", atLength: true },
  ],
  [
    "reaches its length in its thoughts",
    streamed(delta({ reasoning_content: "hmm" }), delta({}, "length"), done),
    { kind: "cut", atLength: true },
  ],
  [
    "is filtered in a call",
    streamed(whole, delta({}, "content_filter"), done),
    { kind: "bad_request" },
  ],
  [
    "is filtered after some words",
    streamed(delta({ content: "Here is" }), delta({}, "content_filter"), done),
    { kind: "bad_request", message: expect.stringContaining("content filter") },
  ],
  ["ends with an error as its reason", streamed(whole, delta({}, "error"), done), { kind: "cut" }],
  [
    "brings a call without a name",
    streamed(callDelta(fragment(0, "a", "", "{}")), stop),
    { kind: "malformed" },
  ],
  ["is empty", streamed(), { kind: "cut" }],
  ["brings an event that is no JSON", streamed("data: {\n\n", stop), { kind: "malformed" }],
  [
    "is overloaded inside",
    streamed(half, event({ error: { code: 529, message: "Overloaded" } })),
    { kind: "overloaded", message: expect.stringContaining("says: Overloaded") },
  ],
  [
    "is overloaded as Anthropic says it",
    streamed(
      `event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n`,
    ),
    { kind: "overloaded" },
  ],
  [
    "is limited inside",
    streamed(event({ error: { type: "rate_limit_exceeded", message: "Slow down" } })),
    { kind: "rate_limited" },
  ],
  [
    "breaks off with an error that is no event",
    streamed(half, '{"error":{"message":"upstream gone","code":502}}'),
    { kind: "overloaded" },
  ],
  [
    "is a 200 with an error",
    bodied(200, '{"error":{"message":"The model is loading","code":503}}'),
    { kind: "overloaded", message: expect.stringContaining("The model is loading") },
  ],
  [
    "is a 200 with an error of the key",
    bodied(200, '{"error":"invalid api key"}'),
    { kind: "refused_key" },
  ],
  [
    "is a page of a proxy",
    bodied(200, html, { "content-type": "text/html" }),
    { kind: "malformed", message: expect.stringContaining('a web page titled "Sign in"') },
  ],
  ["is some text", bodied(200, "Service moved"), { kind: "malformed" }],
  ["is JSON that is no answer", bodied(200, '{"ok":true}'), { kind: "malformed" }],
  [
    "is a failing page of a proxy",
    bodied(502, html.replace("Sign in", "Bad Gateway"), { "content-type": "text/html" }),
    { kind: "overloaded", status: 502, message: expect.stringContaining('titled "Bad Gateway"') },
  ],
];

describe("nothing of it is done where a stream", () => {
  it.each(faults)("%s", async (_, answer, fault) => {
    expect(await ask(answer)).toMatchObject({ type: "failed", fault });
  });

  it("is destroyed in the middle", async () => {
    const outcome = await ask((response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(whole, () => response.destroy());
    });
    expect(outcome).toMatchObject({ type: "failed", fault: { kind: "cut", spend: {} } });
  });
});

describe("a stream without end", () => {
  const forever = (response: ServerResponse, text: string, everyMs: number) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const timer = setInterval(() => response.write(text), everyMs);
    response.once("close", () => clearInterval(timer));
  };

  it.each([
    ["keep-alives", ": keep-alive\n\n"],
    ["empty chunks", delta({ role: "assistant", content: "" })],
  ])("of %s is given up as idle", async (_, text) => {
    const outcome = await ask((response) => forever(response, text, 5), { idleTimeoutMs: 150 });
    expect(outcome).toMatchObject({
      type: "failed",
      fault: { kind: "timed_out", message: expect.stringContaining("sent nothing of an answer") },
    });
  });

  it("of words is given up after the time of a turn", async () => {
    const outcome = await ask((response) => forever(response, delta({ content: "go on " }), 5), {
      turnTimeoutMs: 300,
    });
    expect(outcome).toMatchObject({
      type: "failed",
      fault: { kind: "timed_out", message: expect.stringContaining("took longer than 0.3 s") },
    });
    const spend = outcome.type === "failed" ? outcome.fault.spend : undefined;
    expect(spend?.outputTokens).toBeGreaterThan(1);
  });

  it.each([
    ["in one line", "x".repeat(1 << 20)],
    ["in one event", `data: ${"x".repeat(1 << 20)}\n`],
    ["in one call", callDelta(fragment(0, "a", "write", "x".repeat(1 << 20)))],
    [
      "in calls",
      callDelta(...Array.from({ length: 100 }, (_, at) => fragment(at, `${at}`, "read", "{}")))
        .repeat(10)
        .replaceAll('"id":"', () => `"id":"${Math.random()}`),
    ],
  ])("is bounded in its bytes: %s", async (_, text) => {
    const outcome = await ask((response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const more = () => {
        while (!response.destroyed && response.write(text));
      };
      response.on("drain", more);
      more();
    });
    expect(outcome).toMatchObject({ type: "failed", fault: { kind: "cut", atLength: true } });
  });

  it("is given up soon after the length that the provider was told", async () => {
    const event = (content: string) =>
      `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`;
    const outcome = await ask((response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const more = () => {
        while (!response.destroyed && response.write(event("word ".repeat(100))));
      };
      response.on("drain", more);
      more();
    });
    expect(outcome).toMatchObject({ type: "failed", fault: { kind: "cut", atLength: true } });
    const spent = outcome.type === "failed" ? outcome.fault.spend?.outputTokens : undefined;
    expect(spent).toBeLessThan(modelSettings("").outputTokensMax * 8);
  });

  it("is given up before its first byte", async () => {
    const outcome = await ask(() => undefined, { idleTimeoutMs: 100 });
    expect(outcome).toMatchObject({ type: "failed", fault: { kind: "timed_out" } });
  });

  it("is bounded where it is the reason of a failure", async () => {
    const outcome = await ask((response) => {
      response.writeHead(500, { "content-type": "text/plain" });
      const more = () => {
        while (!response.destroyed && response.write("no ".repeat(10_000)));
      };
      response.on("drain", more);
      more();
    });
    expect(outcome).toMatchObject({ type: "failed", fault: { kind: "overloaded", status: 500 } });
    expect(outcome.type === "failed" && outcome.fault.message.length).toBeLessThan(310);
  });
});

describe("stopping", () => {
  it("ends a stream at once and tells what it may have cost", async () => {
    const controller = new AbortController();
    const outcome = await ask(
      (response) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write(delta({ content: "one two three" }) + whole, () => controller.abort());
      },
      {},
      controller.signal,
    );
    expect(outcome).toMatchObject({ type: "stopped", spend: { cachedTokens: 0 } });
  });

  it("ends a request that nobody answers", async () => {
    const controller = new AbortController();
    const outcome = await ask(() => controller.abort(), {}, controller.signal);
    expect(outcome).toMatchObject({ type: "stopped", spend: { outputTokens: 0 } });
  });

  it("sends nothing where it came first", async () => {
    const server = await rawModelServer(() => undefined);
    const model = await createModel(modelSettings(server.baseURL), { name: "m", key: undefined });
    expect(await model.ask(modelRequest("go"), AbortSignal.abort())).toEqual({ type: "stopped" });
    expect(server.requests).toEqual([]);
  });

  it("leaves no listener on the signal", async () => {
    const controller = new AbortController();
    await ask(streamed(delta({ content: "Hi" }, "stop"), done), {}, controller.signal);
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });
});
