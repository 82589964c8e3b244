/** Words that several views share. */
import { expect, test } from "vitest";
import { sayLines, saySpend } from "../../src/view/words.ts";

test("tokens whose price nobody knows are not said to cost nothing", () => {
  const spend = { inputTokens: 1200, cachedTokens: 0, outputTokens: 34, usd: 0 };
  expect(saySpend(spend)).toBe("1,234 tokens");
  expect(saySpend({ ...spend, usd: 1.5 })).toBe("1,234 tokens, $1.50");
  expect(saySpend({ ...spend, usd: 0.0012 })).toBe("1,234 tokens, $0.0012");
});

test("data in the place of words is one line, and short", () => {
  const data = { found: ["a.ts", "b.ts"], "odd\n": "\u001b[2J" };
  const line = '{"found":["a.ts","b.ts"],"odd\\n":"\\u001b[2J"}';
  const pretty = JSON.stringify(data, undefined, 2);
  expect(sayLines(pretty)).toBe(line);
  expect(sayLines(`\`\`\`json\n${pretty}\n\`\`\`\n`)).toBe(line);
  const long = sayLines(JSON.stringify(Array.from({ length: 100 }, (_, at) => at)));
  expect(long).toMatch(/^\[0,1,2,.*…$/);
  expect(long).toHaveLength(120);
  expect(sayLines("[see below]\nand {here}")).toBe("[see below]; and {here}");
});
