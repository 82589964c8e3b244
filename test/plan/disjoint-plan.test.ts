import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Glob, UnitId } from "../../src/core/id.ts";
import { ownershipOf } from "../../src/core/ownership.ts";
import type { PlanFile, Unit } from "../../src/core/plan.ts";
import { planProblems } from "../../src/core/plan-problem.ts";
import { disjointPlan } from "../../src/plan/disjoint-plan.ts";

function unit(id: string, owns: readonly string[], more: Partial<Unit> = {}): Unit {
  return {
    id: id as UnitId,
    title: id.toUpperCase(),
    instructions: `Do ${id}.`,
    owns: owns as Glob[],
    after: [],
    checks: [],
    ...more,
  };
}

function plan(...units: readonly Unit[]): PlanFile {
  return { version: 1, goal: "g", units, doneWhen: [] };
}

const files = [
  "src/a/1.ts",
  "src/a/2.ts",
  "src/a/3.ts",
  "src/b/1.ts",
  "src/b/2.ts",
  "src/index.ts",
];
const after = (...ids: readonly string[]) => ({ after: ids as UnitId[] });

describe("a plan whose units share files", () => {
  it("stays as it is where they share none", () => {
    const given = plan(unit("a", ["src/a/**"]), unit("b", ["src/b/**"]));
    expect(disjointPlan(given, files)).toEqual({ plan: given, notes: [] });
  });

  it("has them one after the other where they share little, and the later one has what both wanted", () => {
    const given = plan(
      unit("a", ["src/a/**", "src/index.ts"]),
      unit("b", ["src/b/**", "src/index.ts"]),
    );
    const { plan: made, notes } = disjointPlan(given, files);
    expect(notes).toEqual([
      "b comes after a and alone changes src/index.ts, which both were to change",
    ]);
    const [a, b] = made.units;
    expect(a?.owns).toEqual(["src/a/**", "src/index.ts", "!src/index.ts"]);
    expect(a?.instructions).toContain("the unit b, which comes after you");
    expect(b?.after).toEqual(["a"]);
    expect(b?.instructions).toMatch(/do also what the unit a before you needs.*Do a\./s);
  });

  it("keeps the order that it has", () => {
    const shared = ["src/index.ts"];
    const given = plan(
      unit("a", ["src/a/**", ...shared], after("b")),
      unit("b", ["src/b/**", ...shared]),
    );
    const { plan: made } = disjointPlan(given, files);
    expect(made.units.map((one) => one.after)).toEqual([["b"], []]);
    expect(ownershipOf(made.units).owners("src/index.ts")).toEqual(["a"]);
  });

  it("joins those that share much, with all that each of them said", () => {
    const given = plan(
      unit("a", ["src/a/**"], { agent: "coder", budget: { tokens: 5 } }),
      unit("b", ["src/a/1.ts", "src/a/2.ts", "src/b/1.ts"], {
        agent: "tester",
        budget: { tokens: 7 },
      }),
      unit("c", ["src/b/2.ts"], after("b")),
    );
    const { plan: made, notes } = disjointPlan(given, files);
    expect(notes).toEqual(["a and b are one unit, for they share src/a/1.ts, src/a/2.ts"]);
    expect(made.units).toEqual([
      {
        ...unit("a", ["src/a/**", "src/a/1.ts", "src/a/2.ts", "src/b/1.ts"]),
        title: "A; B",
        instructions: "There are 2 parts to this.\n\n## A\n\nDo a.\n\n## B\n\nDo b.",
        agent: ["coder", "tester"],
        budget: { tokens: 12 },
      },
      unit("c", ["src/b/2.ts"], after("a")),
    ]);
  });

  it("joins those too that would come after themselves by it", () => {
    const given = plan(
      unit("a", ["src/a/**"]),
      unit("b", ["src/b/**"], after("a")),
      unit("c", ["src/a/1.ts", "src/a/2.ts"], after("b")),
    );
    const { plan: made, notes } = disjointPlan(given, files);
    expect(made.units.map(({ id, after: before }) => [id, before])).toEqual([["a", []]]);
    expect(notes).toHaveLength(2);
  });

  it("sees also files that are not there yet", () => {
    const given = plan(unit("a", ["src/a/**", "new.ts"]), unit("b", ["src/b/**", "new.ts"]));
    expect(ownershipOf(disjointPlan(given, files).plan.units).owners("new.ts")).toEqual(["b"]);
  });
});

const globs = [
  ...files,
  "src/**",
  "src/a/**",
  "src/b/**",
  "**/1.ts",
  "new.ts",
  "!src/index.ts",
  "!src/a/1.ts",
];

it("whatever units there are, each path has one owner afterwards, and nobody waits in a circle", () => {
  const someUnits = fc
    .array(
      fc.record({
        owns: fc.uniqueArray(fc.constantFrom(...globs), { maxLength: 4 }),
        before: fc.array(fc.nat(20), { maxLength: 3 }),
      }),
      { minLength: 1, maxLength: 7 },
    )
    .map((parts) =>
      parts.map(({ owns, before }, at) => {
        const ids = before.filter((other) => other < at).map((other) => `u${other}`);
        return unit(`u${at}`, ["own.ts", ...owns].slice(1), after(...new Set(ids)));
      }),
    );
  fc.assert(
    fc.property(someUnits, (units) => {
      const before = ownershipOf(units);
      const { plan: made } = disjointPlan(plan(...units), files);
      const { owners } = ownershipOf(made.units);
      const touched = [...files, "new.ts"].filter((file) => before.owners(file).length > 0);
      expect(touched.map((file) => owners(file).length)).toEqual(touched.map(() => 1));
      const facts = {
        files: files.map((path) => ({ path, mode: "100644" })),
        unitsMax: 50,
        workers: [],
      };
      const about = planProblems(made, facts).map(({ message }) => message);
      expect(about.filter((message) => /circle|owned by|no unit/.test(message))).toEqual([]);
      expect(disjointPlan(plan(...units), files).plan).toEqual(made);
    }),
    { numRuns: 300 },
  );
});
