import { expect, test } from "vitest";
import { combine, type PartResult } from "../../src/core/aggregate.ts";

const words: readonly PartResult[] = [
  { name: "a", summary: "one" },
  { name: "b", summary: "two", data: { n: 2 } },
];

test("concatenated, each result stands under its name", () => {
  expect(combine("concatenate", words).summary).toBe(
    '## a\n\none\n\n## b\n\ntwo\n\n{\n  "n": 2\n}',
  );
});

test("of a pipeline the last result stands for all", () => {
  expect(combine("pipeline", words)).toEqual({ summary: "two", data: { n: 2 }, conflicts: [] });
  expect(combine("pipeline", [])).toEqual({ summary: "", conflicts: [] });
});

test("a structured merge goes as deep as the objects do, and lists what contradicts", () => {
  const { data, conflicts, summary } = combine("structured_merge", [
    { name: "a", summary: "", data: { files: ["x", "y"], risk: { level: "low", why: "small" } } },
    { name: "b", summary: '```json\n{"files":["y","z"],"risk":{"level":"high"}}\n```' },
    { name: "c", summary: "only words" },
  ]);
  expect(data).toEqual({
    files: ["x", "y", "z"],
    risk: { level: "low", why: "small" },
    c: "only words",
  });
  expect(conflicts).toEqual([
    {
      path: "risk.level",
      values: [
        { from: "a", value: "low" },
        { from: "b", value: "high" },
      ],
    },
  ]);
  expect(summary).toContain('risk.level: a: "low"; b: "high"');
});

test("hostile keys are keys like any other", () => {
  const data = JSON.parse('{"__proto__":{"x":1},"constructor":2}') as never;
  const merged = combine("structured_merge", [
    { name: "a", summary: "", data },
    { name: "b", summary: "", data: {} },
  ]);
  expect(JSON.stringify(merged.data)).toBe('{"__proto__":{"x":1},"constructor":2}');
  expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
});
