import { describe, expect, it } from "vitest";
import type { Model, ModelOutcome } from "../../src/core/model.ts";
import { createModel } from "../../src/host/model.ts";
import { modelRequest, modelSettings } from "../support/model-scene.ts";
import { type RawAnswer, rawModelServer } from "../support/raw-model-server.ts";
import { recordedCalls, recordStream } from "../support/recorded-stream.ts";

const lanes = 8;
const signal = new AbortController().signal;

const endsThere =
  (bytes: Buffer): RawAnswer =>
  (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(bytes);
  };

const cuts: readonly (readonly [string, (bytes: Buffer) => RawAnswer])[] = [
  ["ends there as if nothing were wrong", endsThere],
  [
    "breaks off there",
    (bytes) => (response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.flushHeaders();
      if (bytes.length === 0) response.destroy();
      else response.write(bytes, () => setImmediate(() => response.destroy()));
    },
  ],
  [
    "is half as long as it was said to be",
    (bytes) => (response) => {
      // Longer than what is written where there is nothing to write, too.
      const length = String(bytes.length * 2 + 2);
      response.writeHead(200, { "content-type": "text/event-stream", "content-length": length });
      response.write(bytes.length === 0 ? "\n" : bytes, () =>
        setImmediate(() => response.destroy()),
      );
    },
  ],
];

describe("a stream with calls, cut at every byte", () => {
  it.each(cuts)("gives them whole or not at all where it %s", async (_, cut) => {
    const { bytes, wholeFrom } = await recordStream();
    const server = await rawModelServer((response, request) => {
      cut(bytes.subarray(0, lengthOf(request.body)))(response, request);
    });
    const model = await createModel(modelSettings(server.baseURL), { name: "m", key: "sk-secret" });
    const wrong: unknown[] = [];
    let next = 0;
    const lane = async () => {
      for (let length = next++; length <= bytes.length; length = next++) {
        const outcome = await model.ask(modelRequest(`cut at ${length}`), signal);
        const isWhole = length >= wholeFrom;
        // Where nothing but the rest is missing, the answer must not be lost either.
        const isLost = isWhole && cut === endsThere && outcome.type !== "answered";
        if (isLost || !isRight(outcome, isWhole)) wrong.push({ length, wholeFrom, outcome });
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    expect(wrong).toEqual([]);
    expect(server.requests).toHaveLength(bytes.length + 1);
  });

  it("gives back its connections and listeners all the while", async () => {
    const { bytes } = await recordStream();
    const server = await rawModelServer(endsThere(bytes));
    const model = await createModel(modelSettings(server.baseURL), { name: "m", key: undefined });
    await askMany(model, 500);
    const before = process.memoryUsage().rss;
    await askMany(model, 2_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
  });
});

async function askMany(model: Model, count: number): Promise<void> {
  for (let at = 0; at < count; at += 1) {
    const { type } = await model.ask(modelRequest(`again ${at}`), signal);
    if (type !== "answered") throw new Error(`it was ${type}`);
  }
}

function isRight(outcome: ModelOutcome, isWhole: boolean): boolean {
  if (outcome.type === "answered") {
    return isWhole && JSON.stringify(outcome.answer.calls) === JSON.stringify(recordedCalls);
  }
  // A connection that breaks together with the last bytes may take them along.
  return outcome.type === "failed" && ["cut", "unreachable"].includes(outcome.fault.kind);
}

function lengthOf(body: Readonly<Record<string, unknown>>): number {
  return Number(/cut at (\d+)/.exec(JSON.stringify(body))?.[1]);
}
