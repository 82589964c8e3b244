import { describe, expect, it } from "vitest";
import { Failure } from "../../src/core/failure.ts";
import { isUnitId } from "../../src/core/id.ts";
import { ownershipOf } from "../../src/core/ownership.ts";
import { planProblems } from "../../src/core/plan-problem.ts";
import {
  defaultUnits,
  matchedFiles,
  planFromFiles,
  type StaticPlanRequest,
} from "../../src/plan/static-planner.ts";

const request = (paths: readonly string[], units?: number): StaticPlanRequest => ({
  files: paths.map((path) => ({ path, bytes: 100 })),
  units,
  goal: "Tidy up",
  concurrency: 4,
  unitsMax: 50,
});
const at = (path: string, mode = "100644") => ({ path, mode, bytes: 10 });

describe("a plan from files", () => {
  it("gives each unit the literal paths of its files, named after their folder", () => {
    const plan = planFromFiles({
      ...request(["src/Operators/a.ts", "src/Operators/b.ts", "src/core/a.ts", "src/core/b.ts"], 2),
      instructions: "Run it",
      worker: "codemod",
    });
    expect(plan).toEqual({
      version: 1,
      goal: "Tidy up",
      units: [
        {
          id: "operators",
          title: "src/Operators (2 files)",
          instructions: "Run it",
          owns: ["src/Operators/a.ts", "src/Operators/b.ts"],
          after: [],
          worker: "codemod",
          checks: [],
        },
        {
          id: "core",
          title: "src/core (2 files)",
          instructions: "Run it",
          owns: ["src/core/a.ts", "src/core/b.ts"],
          after: [],
          worker: "codemod",
          checks: [],
        },
      ],
      doneWhen: [],
    });
  });

  it("is free of problems and owns exactly its files, however they are called", () => {
    const paths = [
      "app/[id].ts",
      "app/[...all]/x.ts",
      "app/(group)/page.ts",
      "!x",
      "a b/*.ts",
      "a{b,c}.ts",
      "q?.ts",
      "back\\slash.ts",
      "i.ts",
      "ab.ts",
      "ac.ts",
      "qq.ts",
      "new\nline",
      "integration/x",
      "Ünï/y",
      "日本/z",
      "-f/z",
      "__proto__/z",
      `${"long".repeat(60)}/z`,
    ];
    for (const units of [1, 3, 8, paths.length, 100]) {
      const plan = planFromFiles(request(paths, units));
      expect(plan.units).toHaveLength(Math.min(units, paths.length));
      const facts = { files: paths.map((path) => at(path)), unitsMax: 100, workers: [] };
      expect(planProblems(plan, facts)).toEqual([]);
      const ownership = ownershipOf(plan.units);
      expect(paths.map((path) => ownership.owners(path).length)).toEqual(paths.map(() => 1));
      expect(plan.units.every((unit) => isUnitId(unit.id))).toBe(true);
    }
  });

  it("numbers units of the same folder", () => {
    const paths = ["a", "b", "c"].map((name) => `src/internal/${name}.ts`);
    const ids = planFromFiles(request([...paths, "lib/internal-2/a.ts"], 4)).units.map((u) => u.id);
    expect(ids).toEqual(["internal-2", "internal", "internal-3", "internal-4"]);
  });

  it("has three units for each slot without --units, fewer for few files, never more than the limit", () => {
    const many = request(Array.from({ length: 500 }, (_, n) => `f${n}`));
    expect(planFromFiles(many).units).toHaveLength(12);
    expect(defaultUnits({ ...many, unitsMax: 5 })).toBe(5);
    expect(planFromFiles(request(["a", "b", "c", "d", "e"])).units).toHaveLength(2);
  });
});

describe("the files that --files names", () => {
  const tree = [at("src/a.ts"), at("src/b.js"), at("src/link.ts", "120000"), at("sub", "160000")];

  it("are ordinary files, with exceptions", () => {
    expect(matchedFiles(["**", "!**/*.js"], tree)).toEqual([{ path: "src/a.ts", bytes: 10 }]);
    expect(matchedFiles(["!**/*.ts"], tree)).toEqual([{ path: "src/b.js", bytes: 10 }]);
  });

  it.each([
    [["docs/**"], "no file at the base matches docs/**"],
    [["../x"], 'the command line: --files: "../x" leaves the repository'],
    [["["], 'the command line: --files: "[" has a [ that is never closed: write \\[ for itself'],
  ])("are refused as a usage error: %j", (globs, message) => {
    expect(() => matchedFiles(globs, tree)).toThrow(Failure);
    expect(() => matchedFiles(globs, tree)).toThrow(message);
  });
});
