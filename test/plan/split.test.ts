import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assumptionsOf, type SizedFile } from "../../src/core/estimate.ts";
import type { RepoPath } from "../../src/core/id.ts";
import type { Hub, ImportEdge } from "../../src/core/survey.ts";
import type { HubRule } from "../../src/plan/hubs.ts";
import { type SplitRequest, splitFiles } from "../../src/plan/split.ts";

const agent = assumptionsOf({ worker: "command", slots: 4, checks: 0 });
const codemod = assumptionsOf({ worker: "codemod", slots: 4, checks: 0 });
const files = (count: number): SizedFile[] =>
  Array.from({ length: count }, (_, n) => ({
    path: `src/m${Math.floor(n / 10)}/f${String(n).padStart(3, "0")}.ts`,
    bytes: 2048,
  }));
const edge = (from: string, to: string): ImportEdge => {
  return { from: from as RepoPath, to: to as RepoPath, kind: "static", names: [] };
};
const hub = (path: string, policy: Hub["policy"], reason: Hub["reason"] = "schema"): Hub => {
  return { path: path as RepoPath, reason, why: "a schema", policy };
};
const surveyed = (imports: readonly ImportEdge[], hubs: readonly Hub[] = []) => {
  return { imports, cochanges: [], hubs };
};
const request = (count: number, more: Partial<SplitRequest> = {}): SplitRequest => {
  return { files: files(count), units: undefined, unitsMax: 50, by: agent, ...more };
};

describe("how many units", () => {
  it("is one for what one worker does in under ten minutes", () => {
    const { units, report } = splitFiles(request(20));
    expect(units).toHaveLength(1);
    expect(report.reasons).toEqual([
      "one unit: one worker does it in about 8 min, and nothing under 10 min is split (--units splits all the same)",
    ]);
    expect(splitFiles(request(20_000, { by: codemod })).units).toHaveLength(1);
  });

  it("is as many as are asked for all the same, and no more than there are files", () => {
    expect(splitFiles(request(20, { units: 3 })).units).toHaveLength(3);
    const few = splitFiles(request(3, { units: 8 }));
    expect(few.units).toHaveLength(3);
    expect(few.report.reasons).toEqual([
      "8 units were asked for, but there are only 3 files to split",
    ]);
  });

  it("is what takes the least time where the work is long and the files are loose", () => {
    const imports = files(200).flatMap(({ path }, n) =>
      n % 10 === 0 ? [] : [edge(path, files(200)[n - 1]?.path ?? "")],
    );
    const { units, report } = splitFiles(request(200, { survey: surveyed(imports) }));
    expect(units.length).toBeGreaterThan(3);
    expect(units.length).toBeLessThanOrEqual(12);
    expect(report.reasons[0]).toMatch(
      /^\d+ units: about \d+ min in \d+ units, about 77 min by one worker$/,
    );
    expect(splitFiles(request(200, { survey: surveyed(imports), unitsMax: 2 })).units).toHaveLength(
      2,
    );
  });

  it("is one where nearly every import would go across, and says how many", () => {
    const all = files(50);
    const imports = all.flatMap((one) => all.map((other) => edge(one.path, other.path)));
    const { units, report } = splitFiles(request(50, { survey: surveyed(imports) }));
    expect(units).toHaveLength(1);
    expect(report.reasons[0]).toMatch(
      /^one unit: even in 2 units \d+ of 2450 imports would go across, hardly fewer than by chance/,
    );
    const asked = splitFiles(request(50, { survey: surveyed(imports), units: 4 }));
    expect(asked.units).toHaveLength(4);
  });

  it("is one where checking each merge takes longer than the work", () => {
    const by = assumptionsOf({ worker: "command", slots: 4, checks: 60 });
    const { units, report } = splitFiles(request(30, { by }));
    expect(units).toHaveLength(1);
    expect(report.reasons[0]).toMatch(/^one unit: several would not be done sooner/);
  });
});

describe("hubs", () => {
  const paths = files(40).map(({ path }) => path);
  const [first = "", second = "", third = ""] = paths;
  const rules = (...given: readonly HubRule[]) => ({ hubs: given, units: 6 });

  it("stand where the survey proposes, and the default is told", () => {
    const imports = [edge(paths[20] ?? "", first), edge(second, paths[30] ?? "")];
    const survey = surveyed(imports, [hub(first, "first"), hub(second, "last")]);
    const { units, report } = splitFiles(request(40, { survey, units: 6 }));
    expect(units.map(({ kind }) => kind)).toEqual([
      "first",
      "part",
      "part",
      "part",
      "part",
      "last",
    ]);
    expect(units[0]?.files).toEqual([first]);
    const waiting = units.filter(({ after }) => after.includes(0));
    expect(waiting.map(({ files: own }) => own.includes(paths[20] ?? ""))).toEqual([true, false]);
    expect(report.hubs).toEqual([
      { path: first, why: "a schema", treatment: "first", by: "default" },
      { path: second, why: "a schema", treatment: "last", by: "default" },
    ]);
  });

  it("that are only used by many stay with the others if somebody says how many units", () => {
    const imports = files(400).map(({ path }, n) =>
      edge(path, files(400)[n - (n % 40)]?.path ?? ""),
    );
    const survey = surveyed(imports, [hub(first, "first", "imported_by_many")]);
    const kinds = (units: number | undefined) =>
      splitFiles(request(400, { survey, units })).units.map(({ kind }) => kind);
    expect(kinds(4)).toEqual(["part", "part", "part", "part"]);
    expect(kinds(undefined)).toContain("first");
  });

  it("are files like any other for a codemod, unless the config says otherwise", () => {
    const survey = surveyed([], [hub(first, "first"), hub(second, "refuse")]);
    const plain = splitFiles(request(40, { survey, units: 3, by: codemod }));
    expect(plain.units.map(({ kind }) => kind)).toEqual(["part", "part", "part"]);
    const told = rules({ files: [first], policy: "last" });
    const ruled = splitFiles(request(40, { survey, by: codemod, ...told }));
    expect(ruled.units.at(-1)).toMatchObject({ kind: "last", files: [first] });
  });

  it("that are refused are in no unit, nor are those that nobody can make anew", () => {
    const survey = surveyed([], [hub(first, "refuse"), hub(second, "regenerate")]);
    const { units, report } = splitFiles(request(40, { survey, units: 4 }));
    expect(report.leftOut).toEqual([first, second]);
    expect(units.flatMap(({ files: own }) => own).sort()).toEqual(paths.slice(2));
    const told = rules({ files: ["src/m0/**"], policy: "with_others" });
    expect(splitFiles(request(40, { survey, ...told })).report.leftOut).toEqual([]);
  });

  it("are everybody's where no import tells who uses them", () => {
    const told = rules({ files: [third], policy: "last" });
    const { units } = splitFiles(request(40, { survey: surveyed([]), ...told }));
    expect(units.at(-1)).toMatchObject({ kind: "last", after: [0, 1, 2, 3, 4] });
  });

  it("come after all others where the config says last, whoever imports them", () => {
    const imports = paths.map((path) => edge(path, third)).filter(({ from, to }) => from !== to);
    const asked = { survey: surveyed(imports, [hub(third, "last")]), units: 5 };
    const afterOf = (more: object) => splitFiles(request(40, { ...asked, ...more })).units.at(-1);
    expect(afterOf({})).toMatchObject({ kind: "last", after: [] });
    const told = rules({ files: [third], policy: "last" });
    expect(afterOf(told)).toMatchObject({ kind: "last", after: [0, 1, 2, 3, 4] });
  });

  it("stay with the others where there are too few units to set them apart", () => {
    const survey = surveyed([], [hub(first, "first")]);
    const { units, report } = splitFiles(request(40, { survey, units: 2 }));
    expect(units.map(({ kind }) => kind)).toEqual(["part", "part"]);
    expect(report.hubs[0]?.treatment).toBe("with_others");
  });

  it("that are all there is, and refused, leave nothing to do", () => {
    const told = rules({ files: ["**"], policy: "refuse" });
    expect(() => splitFiles(request(3, told))).toThrow(
      /^no file is left to be changed: src\/m0\/f000.ts/,
    );
  });
});

const names = ["a.ts", "b.ts", "lib/c.ts", "lib/d.ts", "lib/x/e.py", "docs/f.md", "g.json", "h/i"];
const goals = fc.record({
  bytes: fc.uniqueArray(fc.tuple(fc.constantFrom(...names), fc.nat(2_000_000)), {
    selector: ([name]) => name,
    minLength: 1,
  }),
  edges: fc.array(fc.tuple(fc.constantFrom(...names), fc.constantFrom(...names))),
  hubs: fc.uniqueArray(
    fc.tuple(
      fc.constantFrom(...names),
      fc.constantFrom(
        "first" as const,
        "last" as const,
        "with_others" as const,
        "regenerate" as const,
      ),
    ),
    { selector: ([name]) => name },
  ),
  units: fc.option(fc.integer({ min: 1, max: 12 }), { nil: undefined }),
  isKnown: fc.boolean(),
  by: fc.constantFrom(agent, codemod),
});

describe("for any files, imports, hubs and number of units", () => {
  it("each file is in one unit, units wait in no circle, and the order of what comes in is nothing", () => {
    fc.assert(
      fc.property(goals, ({ bytes, edges, hubs, units, isKnown, by }) => {
        const given = bytes.map(([path, size]) => ({ path, bytes: size }));
        const imports = edges.map(([from, to]) => edge(from, to));
        const made = (reversed: boolean) => {
          const turned = <T>(list: readonly T[]) => (reversed ? list.toReversed() : list);
          return splitFiles({
            files: turned(given),
            units,
            unitsMax: 50,
            by,
            survey: isKnown ? surveyed(turned(imports)) : undefined,
            hubs: turned(hubs).map(([name, policy]) => {
              const worker = policy === "regenerate" ? { worker: "maker" } : {};
              return { files: [name], policy, ...worker };
            }),
          });
        };
        const split = made(false);
        expect(split.units.flatMap(({ files: own }) => own).sort()).toEqual(
          given.map(({ path }) => path).sort(),
        );
        expect(split.units.every(({ files: own }) => own.length > 0)).toBe(true);
        const waves = new Set<number>();
        for (let round = 0; round < split.units.length; round++) {
          split.units.forEach(({ after }, at) => {
            if (after.every((place) => waves.has(place))) waves.add(at);
          });
        }
        expect(waves.size).toBe(split.units.length);
        expect(JSON.stringify(made(true))).toBe(JSON.stringify(split));
      }),
      { numRuns: 300 },
    );
  });
});
