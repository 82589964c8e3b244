import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import { describe, expect, it } from "vitest";
import type { ModelMessage, ModelRequest } from "../../src/core/model.ts";
import { createModel } from "../../src/host/model.ts";
import { knowsPrice, loadPrice } from "../../src/host/model-price.ts";
import { estimateRequest, estimateTokens, loadTokenCount } from "../../src/host/model-tokens.ts";
import { modelSettings } from "../support/model-scene.ts";

const root = path.resolve(import.meta.dirname, "../..");
const file = (name: string) => readFileSync(path.join(root, name), "utf8");
const budget = file("src/core/budget.ts");

const texts: readonly (readonly [string, string, number])[] = [
  ["TypeScript", budget, 1.5],
  ["tests", file("test/core/decide.test.ts"), 1.5],
  ["Markdown", file("ARCHITECTURE.md"), 1.5],
  [
    "a diff",
    budget
      .split("\n")
      .map((line) => `+${line}`)
      .join("\n"),
    1.5,
  ],
  ["JSON", file("package.json"), 1.5],
  ["arguments of a call", JSON.stringify({ path: "src/a.ts", text: budget }), 1.5],
  ["hexadecimal", randomBytes(2_000).toString("hex"), 1.5],
  ["numbers", Array.from({ length: 500 }, (_, at) => `${at * 7_919}`).join(", "), 2],
  ["Chinese", "这是一个测试文件，用来检查我们的估算是否正确。".repeat(50), 2],
  ["Russian", "Это проверка того, как мы оцениваем количество токенов. ".repeat(50), 3.5],
  ["German", "Die Überprüfung der Schätzung geschieht mit größter Sorgfalt. ".repeat(50), 2],
  ["emoji", "😀🎉🚀".repeat(200), 3],
  ["nothing", "", 1],
];

describe("the estimate of tokens", () => {
  it.each(texts)("is above the tokenizer's count for %s, and not by much", (_, text, most) => {
    const real = countTokens(text, { disallowedSpecial: new Set() });
    expect(estimateTokens(text)).toBeGreaterThanOrEqual(real);
    expect(estimateTokens(text)).toBeLessThanOrEqual(real * most);
  });

  it("is never far below it, even for what is in no vocabulary", () => {
    const text = randomBytes(4_000).toString("base64");
    expect(estimateTokens(text)).toBeGreaterThan(countTokens(text) * 0.75);
  });

  it("reads each message once, though a history is sent again each turn", () => {
    const reads = { count: 0 };
    const message = (text: string): ModelMessage => ({
      role: "user",
      get text() {
        reads.count += 1;
        return text;
      },
    });
    const messages: ModelMessage[] = [];
    const tools: ModelRequest["tools"] = [{ name: "read", description: "Reads", parameters: {} }];
    const sums = Array.from({ length: 20 }, (_, at) => {
      messages.push(message(`turn ${at} ${budget}`));
      return estimateRequest({ messages, tools });
    });
    expect(reads.count).toBe(20);
    expect(sums.every((sum, at) => at === 0 || sum > (sums[at - 1] ?? 0))).toBe(true);
  });

  it("takes a text that is too long to be read for what it may be at most", () => {
    expect(estimateTokens("x ".repeat(2_000_000))).toBeGreaterThanOrEqual(2_000_000);
  });

  it("agrees with the count that is made where a provider tells nothing", async () => {
    const count = await loadTokenCount();
    const call = { id: "a", name: "write", text: JSON.stringify({ text: "<|endoftext|>" }) };
    const request: ModelRequest = {
      messages: [
        { role: "system", text: file("ARCHITECTURE.md") },
        { role: "assistant", text: "", calls: [call] },
        { role: "tool", call: "a", text: budget },
      ],
      tools: [{ name: "write", description: "Writes", parameters: { type: "object" } }],
    };
    const counted = count.request(request);
    expect(estimateRequest(request)).toBeGreaterThanOrEqual(counted);
    expect(estimateRequest(request)).toBeLessThan(counted * 1.5);
  });
});

describe("the price", () => {
  const million = { inputTokens: 1_000_000, cachedTokens: 400_000, outputTokens: 100_000 };
  const { price, ...listed } = modelSettings("https://api.openai.com/v1", { model: "gpt-5.1" });

  it("is the configuration's where there is one, cached tokens at their own", async () => {
    const model = await createModel(
      { ...listed, price: { input: 2, cached: 0.5, output: 8 } },
      { name: "m", key: "k" },
    );
    expect(model.priceOf(million)).toBeCloseTo(0.6 * 2 + 0.4 * 0.5 + 0.1 * 8);
  });

  it("is else that of the list, by address or by the maker of the model", async () => {
    const atOpenAI = await loadPrice(listed);
    const behindProxy = await loadPrice({ ...listed, baseURL: "http://127.0.0.1:4000/v1" });
    expect(atOpenAI(million)).toBeGreaterThan(1);
    expect(atOpenAI(million)).toBeLessThan(3);
    expect(behindProxy(million)).toBe(atOpenAI(million));
    expect(atOpenAI({ ...million, cachedTokens: 0 })).toBeGreaterThan(atOpenAI(million) ?? 0);
  });

  it("is known or not before a run", async () => {
    expect(await knowsPrice(listed)).toBe(true);
    expect(await knowsPrice({ ...listed, model: "my-own-model" })).toBe(false);
    expect(
      await knowsPrice({
        ...listed,
        model: "my-own-model",
        price: { input: 0, cached: 0, output: 0 },
      }),
    ).toBe(true);
    expect((await loadPrice({ ...listed, model: "my-own-model" }))(million)).toBeUndefined();
  });
});
