import { describe, expect, it } from "vitest";
import type { ModelRequest } from "../../src/core/model.ts";
import { createModel } from "../../src/host/model.ts";
import { modelRequest, modelSettings, systemAndUser } from "../support/model-scene.ts";
import { type ModelFixture, modelServer } from "../support/model-server.ts";

const signal = new AbortController().signal;
const readTool: ModelRequest["tools"][number] = {
  name: "read",
  description: "Reads a file",
  parameters: { type: "object", properties: { path: { type: "string" } } },
};

async function modelWith(fixtures: readonly ModelFixture[]) {
  const server = await modelServer(fixtures);
  const model = await createModel(modelSettings(server.baseURL), {
    name: "model",
    key: "sk-test-key",
  });
  return { server, model };
}

describe("a model behind a real wire", () => {
  it("answers with its text and what it cost", async () => {
    const { model } = await modelWith([
      {
        match: { userMessage: "hello" },
        response: {
          content: "Hello! How can I help you today, or any other day of the week?",
          usage: { prompt_tokens: 2_000, completion_tokens: 100 },
        },
      },
    ]);
    expect(await model.ask(modelRequest("hello"), signal)).toEqual({
      type: "answered",
      answer: {
        text: "Hello! How can I help you today, or any other day of the week?",
        calls: [],
        spend: { inputTokens: 2_000, cachedTokens: 0, outputTokens: 100, usd: 0.003 },
        estimated: false,
      },
    });
  });

  it("answers with several calls in their order", async () => {
    const { model } = await modelWith([
      {
        match: { userMessage: "look" },
        response: {
          content: "I look.",
          toolCalls: [
            { id: "call_a", name: "read", arguments: { path: "src/a.ts" } },
            {
              id: "call_b",
              name: "read",
              arguments: { path: "src/a-rather-long-name-of-a-file.ts" },
            },
          ],
        },
      },
    ]);
    const outcome = await model.ask(modelRequest("look", { tools: [readTool] }), signal);
    expect(outcome).toMatchObject({
      type: "answered",
      answer: {
        text: "I look.",
        calls: [
          { id: "call_a", name: "read", text: '{"path":"src/a.ts"}' },
          { id: "call_b", name: "read", text: '{"path":"src/a-rather-long-name-of-a-file.ts"}' },
        ],
      },
    });
  });

  it("is sent the whole conversation, its tools and how long it may answer", async () => {
    const { model, server } = await modelWith([
      { match: { toolCallId: "call_a" }, response: { content: "Done." } },
    ]);
    const request: ModelRequest = {
      messages: [
        ...systemAndUser("You are a coder.", "look"),
        {
          role: "assistant",
          text: "",
          calls: [{ id: "call_a", name: "read", text: '{"path":"a"}' }],
        },
        { role: "tool", call: "call_a", text: "the file" },
      ],
      tools: [readTool],
      outputTokensMax: 500,
    };
    expect(await model.ask(request, signal)).toMatchObject({ answer: { text: "Done." } });
    const [sent] = await server.requests();
    expect(sent?.headers["authorization"]).not.toBeUndefined();
    expect(sent?.body).toMatchObject({
      model: "fake-model",
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: 500,
      messages: [
        { role: "system", content: "You are a coder." },
        { role: "user", content: "look" },
        {
          role: "assistant",
          content: null,
          tool_calls: [
            {
              id: "call_a",
              type: "function",
              function: { name: "read", arguments: '{"path":"a"}' },
            },
          ],
        },
        { role: "tool", tool_call_id: "call_a", content: "the file" },
      ],
      tools: [{ type: "function", function: readTool }],
    });
  });

  it("fails with the kind, the wait and the words of what the provider says", async () => {
    const { model } = await modelWith([
      {
        match: { userMessage: "busy" },
        response: { error: { message: "Slow down" }, status: 429, retryAfter: 7 },
      },
      {
        match: { userMessage: "poor" },
        response: { error: { message: "No money", code: "insufficient_quota" }, status: 429 },
      },
      {
        match: { userMessage: "big" },
        response: {
          error: { message: "This model's maximum context length is 8192 tokens" },
          status: 400,
        },
      },
    ]);
    const fault = async (text: string) => {
      const outcome = await model.ask(modelRequest(text), signal);
      return outcome.type === "failed" ? outcome.fault : outcome;
    };
    expect(await fault("busy")).toMatchObject({
      kind: "rate_limited",
      status: 429,
      retryAfterMs: 7_000,
      message: expect.stringMatching(/^127\.0\.0\.1:\d+ answered 429: Slow down$/),
    });
    expect(await fault("poor")).toMatchObject({ kind: "no_credit" });
    expect(await fault("big")).toMatchObject({ kind: "too_long" });
    expect(await fault("nothing fits this")).toMatchObject({ status: 503, kind: "overloaded" });
  });

  it("never gives a call out of a stream that was cut", async () => {
    const calls = [{ name: "read", arguments: { path: "src/a-rather-long-name-of-a-file.ts" } }];
    const { model } = await modelWith([
      {
        match: { userMessage: "go" },
        response: { toolCalls: calls },
        latency: 20,
        truncateAfterChunks: 3,
      },
    ]);
    const outcome = await model.ask(modelRequest("go", { tools: [readTool] }), signal);
    expect(outcome).toMatchObject({ type: "failed", fault: { kind: "cut" } });
    expect(outcome.type === "failed" && outcome.fault.spend?.inputTokens).toBeGreaterThan(0);
  });

  it("knows cached tokens and the price of an answer where the provider tells them", async () => {
    const { server } = await modelWith([
      {
        match: { userMessage: "hello" },
        response: {
          content: "Hi",
          usage: {
            prompt_tokens: 1_000,
            completion_tokens: 10,
            prompt_tokens_details: { cached_tokens: 800 },
            cost: 0.25,
          },
        },
      },
    ]);
    const { price: _, ...unpriced } = modelSettings(server.routerURL);
    const priced = await createModel(modelSettings(server.routerURL), { name: "a", key: "k" });
    const told = await createModel(unpriced, { name: "b", key: "k" });
    expect(await priced.ask(modelRequest("hello"), signal)).toMatchObject({
      answer: { spend: { inputTokens: 1_000, cachedTokens: 800, outputTokens: 10, usd: 0.0007 } },
    });
    expect(await told.ask(modelRequest("hello"), signal)).toMatchObject({
      answer: { spend: { usd: 0.25 } },
    });
  });
});
