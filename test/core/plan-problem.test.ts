import { describe, expect, it } from "vitest";
import type { Glob, UnitId } from "../../src/core/id.ts";
import type { PlanFile, Unit } from "../../src/core/plan.ts";
import { type PlanFacts, planProblems, planWarnings } from "../../src/core/plan-problem.ts";
import { cutProblems, problemLine } from "../../src/core/problem.ts";
import { criticalPathLength, waves } from "../../src/core/waves.ts";
import { processorMs } from "../support/processor-time.ts";

const unit = (id: string, owns: string[], more: Partial<Unit> = {}): Unit => ({
  id: id as UnitId,
  title: id,
  instructions: "",
  owns: owns as Glob[],
  after: [],
  checks: [],
  ...more,
});
const plan = (...units: Unit[]): PlanFile => ({ version: 1, goal: "g", units, doneWhen: [] });
const after = (...ids: string[]) => ({ after: ids as UnitId[] });
const facts = (...paths: string[]): PlanFacts => ({
  files: paths.map((path) =>
    path.startsWith("@") ? { path: path.slice(1), mode: "160000" } : { path, mode: "100644" },
  ),
  unitsMax: 50,
  workers: ["model", "codex"],
});
const lines = (made: PlanFile, known = facts("src/a.ts", "src/b.ts", "@vendor/lib")) =>
  planProblems(made, known).map(problemLine);

describe("the problems of a plan", () => {
  it("are none for a plan that is right", () => {
    expect(
      lines(plan(unit("core", ["src/a.ts"]), unit("rest", ["**", "!src/a.ts"], after("core")))),
    ).toEqual([]);
  });

  it("are all told at once", () => {
    const made: PlanFile = {
      ...plan(
        unit("Core", ["../x"]),
        unit("integration", ["src/a.ts"]),
        unit("one", ["src/*.ts"], { worker: "modle", ...after("oen") }),
        unit("one", [".GIT/hooks/x", "vendor/lib/y"]),
      ),
      version: 2 as 1,
      doneWhen: [
        { name: "x", run: "a", timeoutMs: 1 },
        { name: "x", run: "b", timeoutMs: 1 },
      ],
    };
    expect(lines(made)).toEqual([
      "version: this version reads plans of version 1, not 2",
      "units[0].id: Core is no id (an id is a-z, 0-9 and -, begins with a letter or digit and has at most 40 characters)",
      "units[1].id: integration is the name of the integration branch (choose another id)",
      "units[3].id: the id one is used twice, first by units[2]",
      "units[2].after[0]: there is no unit oen (did you mean one?)",
      "units[2].worker: there is no worker modle (did you mean model?)",
      'units[0].owns[0]: "../x" leaves the repository',
      'units[3].owns[0]: ".GIT/hooks/x" names .git (no unit may change git\'s own files)',
      'units[3].owns[1]: "vendor/lib/y" lies in the submodule "vendor/lib" (a run changes one repository: plan the submodule by itself)',
      "units[2].owns[0]: src/a.ts is owned by integration, one (let one unit own it, with !src/a.ts in the others, or join them)",
      "doneWhen[1].name: another check is called x too",
    ]);
  });

  it("name a plan without units and one with too many", () => {
    expect(lines(plan())).toEqual(["units: the plan has no unit"]);
    const many = plan(...Array.from({ length: 51 }, (_, n) => unit(`u${n}`, [])));
    expect(lines(many)).toEqual([
      "units: the plan has 51 units, more than limits.units allows (50) (raise limits.units to 51 in the config)",
    ]);
  });

  it.each([
    ["/etc/passwd", "is absolute"],
    ["C:/x", "is absolute"],
    ["src\\a.ts", "has a \\"],
    ["src/../../x", "leaves the repository"],
    ["{src,..}/x", "leaves the repository"],
    ["a/.git/config", "names .git"],
    ["{.git,src}/**", "names .git"],
    [".git", "names .git"],
    ["git~1/x", "names .git"],
    ["vendor/lib", "submodule"],
    ["vendor/lib/**", "submodule"],
    ["src/", "ends in a /"],
    ["a//b", "empty part"],
    ["", "is empty"],
    ["src/[", "never closed"],
    ["!../x", "leaves the repository"],
  ])("refuse to own %j", (glob, why) => {
    const problems = planProblems(plan(unit("a", ["src/x", glob])), facts("src/x", "@vendor/lib"));
    expect(problems).toEqual([
      expect.objectContaining({ field: "units[0].owns[1]", message: expect.stringContaining(why) }),
    ]);
  });

  it.each([[".github/**"], [".gitignore"], ["src/\\[id\\].ts"], ["!.git/**"], ["!vendor/lib/**"]])(
    "let a unit say %s",
    (glob) => {
      expect(lines(plan(unit("a", ["**", glob])))).toEqual([]);
    },
  );

  it("name the circle, each once", () => {
    const made = plan(
      unit("a", [], after("c")),
      unit("b", [], after("a")),
      unit("c", [], after("b")),
      unit("d", [], after("a")),
      unit("e", [], after("e")),
    );
    expect(lines(made)).toEqual([
      "units[0].after: the units go round in a circle: a after c after b after a (leave out one of these 3 after)",
      "units[4].after: the units go round in a circle: e after e (leave out one of these after)",
    ]);
  });

  it("list twenty shared paths and count the others", () => {
    const paths = Array.from({ length: 30 }, (_, n) => `src/f${n}.ts`);
    const told = lines(plan(unit("a", ["src/**"]), unit("b", ["**"])), facts(...paths));
    expect(told).toHaveLength(21);
    expect(told.at(-1)).toBe("units: and 10 more paths are owned by several units");
  });

  it("are found in a chain and a circle of 100,000 units", async () => {
    const chain = Array.from({ length: 100_000 }, (_, n) =>
      unit(`u${n}`, [`src/f${n}.ts`], n === 0 ? {} : after(`u${n - 1}`)),
    );
    const known = { ...facts("src/f1.ts"), unitsMax: 100_000 };
    const ms = await processorMs(() => {
      expect(criticalPathLength(chain)).toBe(100_000);
      const round = [unit("u0", [], after("u99999")), ...chain.slice(1)];
      expect(planProblems(plan(...round), known).map((problem) => problem.message)).toEqual([
        expect.stringContaining("u0 after u99999 after u99998"),
      ]);
      const unknown = chain
        .slice(0, 5000)
        .map((one) => ({ ...one, ...after("x1", "u1x"), worker: "w" }));
      expect(cutProblems(planProblems(plan(...unknown), known))).toHaveLength(201);
    });
    expect(ms).toBeLessThan(15_000);
  });

  it("end a plan of countless wildcards before they are held against every file", async () => {
    const braces = Array.from({ length: 50_000 }, (_, n) => `${"{a,b}".repeat(9)}${n}`);
    const stars = Array.from({ length: 200_000 }, (_, n) => `*${n}*`);
    const known = facts(...Array.from({ length: 28_000 }, (_, n) => `f${n}`));
    const ms = await processorMs(() => {
      for (const globs of [braces, stars]) {
        expect(lines(plan(unit("a", globs)), known)).toEqual([
          "units: the units own more than 10000 globs with wildcards or braces (own whole folders, or name the files)",
        ]);
        expect(planWarnings(plan(unit("a", globs)), known)).toEqual([]);
      }
    });
    expect(ms).toBeLessThan(5000);
  });

  it("warn of a unit that owns no existing file, and of a folder without its stars", () => {
    const made = plan(
      unit("a", ["src"]),
      unit("b", ["new.ts"]),
      unit("c", []),
      unit("d", ["src/*"]),
    );
    expect(planWarnings(made, facts("src/a.ts")).map(problemLine)).toEqual([
      "units[0].owns: a owns no file that exists yet (a folder's files are src/**)",
      "units[1].owns: b owns no file that exists yet",
    ]);
  });
});

describe("waves", () => {
  it("hold the units that could run side by side", () => {
    const units = [
      unit("d", [], after("b", "c")),
      unit("a", []),
      unit("b", [], after("a")),
      unit("c", [], after("a", "a")),
      unit("e", []),
    ];
    expect(waves(units)).toEqual([["a", "e"], ["b", "c"], ["d"]]);
    expect(criticalPathLength(units)).toBe(3);
  });
});
