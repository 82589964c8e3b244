import { describe, expect, it } from "vitest";
import type { RefName, RepoPath } from "../../src/core/id.ts";
import { planTies } from "../../src/core/split-report.ts";
import { planGraph } from "../../src/view/plan-graph.ts";
import type { PlanPreview } from "../../src/view/preview.ts";
import { base, unit } from "../support/run-state.ts";

/** A plan of units with these files, of which each file imports the first of the next unit. */
function previewOf(
  files: Readonly<Record<string, readonly string[]>>,
  after: Readonly<Record<string, string[]>> = {},
  goal = "Tidy up",
): PlanPreview {
  const ids = Object.keys(files);
  const units = ids.map((id) => unit(id, { after: after[id] ?? [] }));
  const owned = units.map(({ id }) => [id, (files[id] ?? []) as readonly RepoPath[]] as const);
  const imports = ids.flatMap((id, at) =>
    (files[id] ?? []).map((from) => ({ from, to: files[ids[at + 1] ?? ""]?.[0] ?? from })),
  );
  return {
    plan: { goal, base, units, doneWhen: [] },
    file: null,
    target: "refs/heads/main" as RefName,
    base,
    units: owned.map(([id, paths]) => ({ id, worker: "w", files: paths })),
    checks: [],
    warnings: [],
    ties: planTies(new Map(owned), imports),
  };
}

/** Every tag, in order; throws where something is open that was never closed. */
function tagsOf(svg: string): readonly string[] {
  const open: string[] = [];
  const tags: string[] = [];
  const rest = svg.replace(
    /<(\/?)([a-z]+)((?:\s[a-z-]+="[^"<]*"|\s[a-zA-Z]+="[^"<]*")*)(\/?)>/g,
    (_, closes, name, __, alone) => {
      if (closes === "/") {
        if (open.pop() !== name) throw new Error(`</${name}> closes nothing`);
      } else {
        tags.push(name);
        if (alone === "") open.push(name);
      }
      return "";
    },
  );
  if (open.length > 0) throw new Error(`<${open.at(-1)}> is never closed`);
  if (/[<>]|&(?!(?:amp|lt|gt|quot);)/.test(rest)) throw new Error(`what is this: ${rest}`);
  return tags;
}

const count = (tags: readonly string[], name: string) => tags.filter((tag) => tag === name).length;

describe("the graph of a plan", () => {
  it("has a box for each unit, a dot for each file and a line for each import across", () => {
    const svg = planGraph(previewOf({ a: ["a/1", "a/2"], b: ["b/1"], c: ["c/1", "c/2", "c/3"] }));
    const tags = tagsOf(svg);
    expect(count(tags, "circle")).toBe(6);
    expect(count(tags, "rect")).toBe(1 + 3);
    expect([...svg.matchAll(/M\d+ \d+Q/g)]).toHaveLength(3);
    expect(svg).toContain("3 units · 3 of 3 imports go from one unit to another");
  });

  it("puts whoever waits below those it waits for, and joins them", () => {
    const svg = planGraph(previewOf({ a: ["a"], b: ["b"], c: ["c"] }, { b: ["a"], c: ["b"] }));
    const tops = [...svg.matchAll(/<rect x="\d+" y="(\d+)"/g)].map(([, y]) => Number(y));
    expect(tops).toEqual(tops.toSorted((one, other) => one - other));
    expect(new Set(tops).size).toBe(3);
    expect(svg.match(/stroke-dasharray/g)).toHaveLength(2);
    expect(svg).toContain("wave 3");
  });

  it("draws no box over another, nor a dot outside of its own", () => {
    const files = Object.fromEntries(
      Array.from({ length: 23 }, (_, n) => [
        `u${n}`,
        Array.from({ length: n * 7 + 1 }, (__, f) => `u${n}/${f}`),
      ]),
    );
    const svg = planGraph(previewOf(files));
    const boxes = [...svg.matchAll(/<rect x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)"/g)].map(
      (found) => found.slice(1).map(Number) as [number, number, number, number],
    );
    for (const [at, [x, y, width, height]] of boxes.entries()) {
      for (const [x2, y2, width2, height2] of boxes.slice(at + 1)) {
        expect(x + width <= x2 || x2 + width2 <= x || y + height <= y2 || y2 + height2 <= y).toBe(
          true,
        );
      }
    }
    for (const [, cx, cy] of svg.matchAll(/<circle cx="(\d+)" cy="(\d+)"/g)) {
      const inside = boxes.filter(
        ([x, y, width, height]) =>
          Number(cx) > x && Number(cx) < x + width && Number(cy) > y && Number(cy) < y + height,
      );
      expect(inside).toHaveLength(1);
    }
  });

  it("is well-formed and harmless, whatever the goal and the files are called", () => {
    const hostile = [
      "</svg><script>x</script>",
      "\"&'<",
      "a\nb",
      "\u001b[2J",
      "\ud800",
      "\u202eevil",
      "]]>",
      "\uffff",
    ];
    const svg = planGraph(previewOf({ a: hostile, b: ["b"] }, {}, hostile.join(" ")));
    expect(count(tagsOf(svg), "script")).toBe(0);
    expect(Buffer.from(svg).toString()).toBe(svg);
    const codes = [...svg].map((character) => character.codePointAt(0) ?? 0);
    const bad = [0x202e, 0xffff];
    expect(codes.filter((code) => (code < 0x20 && code !== 0x0a) || bad.includes(code))).toEqual(
      [],
    );
  });

  it("joins units by one line each where there are too many imports to see any", () => {
    const paths = Array.from({ length: 5000 }, (_, n) => `a/${n}`);
    const tags = tagsOf(planGraph(previewOf({ a: paths, b: ["b"] })));
    expect([count(tags, "circle"), count(tags, "path")]).toEqual([5001, 1]);
  });

  it("says so where nobody knows what the files import", () => {
    const { ties: _, ...unknown } = previewOf({ a: ["a"] });
    expect(planGraph(unknown)).toContain("what the files import is not known");
  });
});
