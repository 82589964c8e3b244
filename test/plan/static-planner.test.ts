import { describe, expect, it } from "vitest";
import { assumptionsOf } from "../../src/core/estimate.ts";
import { Failure } from "../../src/core/failure.ts";
import { isUnitId, type RepoPath } from "../../src/core/id.ts";
import { ownershipOf } from "../../src/core/ownership.ts";
import { planProblems } from "../../src/core/plan-problem.ts";
import { type SplitRequest, splitFiles } from "../../src/plan/split.ts";
import { matchedFiles, planFromFiles } from "../../src/plan/static-planner.ts";

const by = assumptionsOf({ worker: "codemod", slots: 4, checks: 0 });
const split = (paths: readonly string[], units: number, more: Partial<SplitRequest> = {}) =>
  splitFiles({
    files: paths.map((path) => ({ path, bytes: 100 })),
    units,
    unitsMax: 50,
    by,
    ...more,
  });
const planOf = (paths: readonly string[], units: number) =>
  planFromFiles({ split: split(paths, units), goal: "Tidy up" });
const at = (path: string, mode = "100644") => ({ path, mode, bytes: 10 });

describe("a plan from files", () => {
  it("gives each unit the literal paths of its files, named after their folder", () => {
    const paths = ["src/Operators/a.ts", "src/Operators/b.ts", "src/core/a.ts", "src/core/b.ts"];
    const plan = planFromFiles({
      split: split(paths, 2),
      goal: "Tidy up",
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
      const plan = planOf(paths, units);
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
    const ids = planOf([...paths, "lib/internal-2/a.ts"], 4).units.map((u) => u.id);
    expect(ids).toEqual(["internal-2", "internal", "internal-3", "internal-4"]);
  });

  it("has the units of hubs made first, last and anew, each after those it must see", () => {
    const paths = ["package-lock.json", "src/a.ts", "src/b.ts", "src/core.ts", "src/index.ts"];
    const imports = [
      ["src/a.ts", "src/core.ts"],
      ["src/index.ts", "src/a.ts"],
      ["src/index.ts", "src/b.ts"],
    ].map(([from = "", to = ""]) => {
      return { from: from as RepoPath, to: to as RepoPath, kind: "static" as const, names: [] };
    });
    const made = split(paths, 5, {
      survey: { imports, cochanges: [], hubs: [] },
      hubs: [
        { files: ["src/core.ts"], policy: "first" },
        { files: ["src/index.ts"], policy: "last" },
        { files: ["package-lock.json"], policy: "regenerate", worker: "lockfile" },
      ],
    });
    const plan = planFromFiles({ split: made, goal: "Tidy up", worker: "codemod" });
    expect(plan.units.map(({ title: _, checks: __, ...unit }) => unit)).toEqual([
      unit("hubs-first", "src/core.ts", []),
      unit("src", "src/a.ts", ["hubs-first"]),
      unit("src-2", "src/b.ts", []),
      unit("hubs-last", "src/index.ts", ["src", "src-2"]),
      {
        ...unit("made-anew", "package-lock.json", ["hubs-last"]),
        instructions: "Make these files anew.",
        worker: "lockfile",
        mayChangeNothing: true,
      },
    ]);
    const facts = {
      files: paths.map((path) => at(path)),
      unitsMax: 50,
      workers: ["codemod", "lockfile"],
    };
    expect(planProblems(plan, facts)).toEqual([]);
  });
});

const unit = (id: string, file: string, after: readonly string[]) => {
  return { id, instructions: "Tidy up", owns: [file], after, worker: "codemod" };
};

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
    [["lib/**"], "nothing that lib/** matches can be changed: lib/link.ts (a symbolic link)"],
    [["vendor/*"], "nothing that vendor/* matches can be changed: vendor/sub (a submodule)"],
  ])("are refused as a usage error: %j", (globs, message) => {
    const tree = [at("src/a.ts"), at("lib/link.ts", "120000"), at("vendor/sub", "160000")];
    expect(() => matchedFiles(globs, tree)).toThrow(Failure);
    expect(() => matchedFiles(globs, tree)).toThrow(message);
  });
});
