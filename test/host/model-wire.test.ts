import { describe, expect, it } from "vitest";
import type { ModelRequest } from "../../src/core/model.ts";
import { createModel } from "../../src/host/model.ts";
import { modelRequest, modelSettings } from "../support/model-scene.ts";
import {
  bodied,
  delta,
  done,
  type RawAnswer,
  rawModelServer,
  streamed,
} from "../support/raw-model-server.ts";

const signal = new AbortController().signal;
const fine = streamed(delta({ content: "Hi" }, "stop"), done);

/** Takes only requests without these fields, and says so as somebody would. */
function refusing(
  fields: readonly string[],
  words: (field: string) => string,
  status = 400,
): RawAnswer {
  return (response, request) => {
    const field = fields.find((name) => name in request.body);
    const answer = field === undefined ? fine : bodied(status, words(field));
    answer(response, request);
  };
}

const bounded = modelRequest("go", { outputTokensMax: 100 });

async function askTwice(answer: RawAnswer, request: ModelRequest = bounded) {
  const server = await rawModelServer(answer);
  const settings = modelSettings(server.baseURL);
  const outcomes = [];
  for (const name of ["one", "two"]) {
    const model = await createModel(settings, { name, key: undefined });
    outcomes.push((await model.ask(request, signal)).type);
  }
  const sent = server.requests.map(({ body }) =>
    Object.keys(body).filter((field) => /^max_|^stream_options/.test(field)),
  );
  return { outcomes, sent };
}

const refusals: readonly (readonly [string, (field: string) => string, number])[] = [
  [
    "OpenAI",
    (field) => JSON.stringify({ error: { message: "Unsupported parameter", param: field } }),
    400,
  ],
  [
    "Mistral",
    (field) =>
      JSON.stringify({
        detail: [
          { type: "extra_forbidden", loc: ["body", field], msg: "Extra inputs are not permitted" },
        ],
      }),
    422,
  ],
  ["a small server", (field) => `unknown field "${field}" in request`, 400],
];

describe("a field that a server does not know", () => {
  it.each(refusals)("is left out from then on, as %s says it", async (_, words, status) => {
    expect(await askTwice(refusing(["stream_options"], words, status))).toEqual({
      outcomes: ["answered", "answered"],
      sent: [["stream_options", "max_tokens"], ["max_tokens"], ["max_tokens"]],
    });
  });

  it("is said in its other name before it is left out", async () => {
    const words = (field: string) =>
      field === "max_tokens"
        ? `{"error":{"message":"'max_tokens' is not supported, use 'max_completion_tokens'","param":"max_tokens"}}`
        : `{"error":{"message":"no ${field}"}}`;
    expect(await askTwice(refusing(["max_tokens"], words))).toEqual({
      outcomes: ["answered", "answered"],
      sent: [
        ["stream_options", "max_tokens"],
        ["stream_options", "max_completion_tokens"],
        ["stream_options", "max_completion_tokens"],
      ],
    });
    const all = ["stream_options", "max_tokens", "max_completion_tokens"];
    expect((await askTwice(refusing(all, words))).sent.slice(-2)).toEqual([[], []]);
  });

  it("is not looked for in a refusal of something else", async () => {
    const server = await rawModelServer(bodied(400, '{"error":{"message":"bad temperature"}}'));
    const model = await createModel(modelSettings(server.baseURL), { name: "m", key: undefined });
    expect(await model.ask(bounded, signal)).toMatchObject({
      type: "failed",
      fault: { kind: "bad_request" },
    });
    expect(server.requests).toHaveLength(1);
  });
});

describe("a history on the wire", () => {
  it("holds arguments that every server can read, whatever the model once wrote", async () => {
    const server = await rawModelServer(fine);
    const model = await createModel(modelSettings(server.baseURL), { name: "m", key: undefined });
    const calls = ['{"path":"a"}', '{"path":', "[1]", "null"].map((text, at) => ({
      id: `c${at}`,
      name: "read",
      text,
    }));
    await model.ask({ messages: [{ role: "assistant", text: "x", calls }], tools: [] }, signal);
    const sent = (text: string) => ({ function: { arguments: text } });
    expect(server.requests[0]?.body["messages"]).toMatchObject([
      {
        tool_calls: [
          sent('{"path":"a"}'),
          sent('{"unreadable":"{\\"path\\":"}'),
          sent('{"unreadable":"[1]"}'),
          sent('{"unreadable":"null"}'),
        ],
      },
    ]);
  });
});
