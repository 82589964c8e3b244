/** Words that several views share. */
import { expect, test } from "vitest";
import { saySpend } from "../../src/view/words.ts";

test("tokens whose price nobody knows are not said to cost nothing", () => {
  const spend = { inputTokens: 1200, cachedTokens: 0, outputTokens: 34, usd: 0 };
  expect(saySpend(spend)).toBe("1,234 tokens");
  expect(saySpend({ ...spend, usd: 1.5 })).toBe("1,234 tokens, $1.50");
  expect(saySpend({ ...spend, usd: 0.0012 })).toBe("1,234 tokens, $0.00120");
});
