import { writeFile } from "node:fs/promises";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Failure } from "../../src/core/failure.ts";
import type { Glob, UnitId } from "../../src/core/id.ts";
import type { Check, Json, PlanFile, Unit } from "../../src/core/plan.ts";
import { cutProblems, type Problem, problemLine } from "../../src/core/problem.ts";
import { parsePlan, problemsOfPlan, readPlanFile, requirePlan } from "../../src/plan/plan-file.ts";
import { writePlan } from "../../src/plan/plan-text.ts";
import { makeFolder } from "../support/folder.ts";
import { processorMs } from "../support/processor-time.ts";

const facts = { files: [], unitsMax: 50, workers: ["model"] };
const unit = { id: "a", title: "A", instructions: "do", owns: ["src/**"] };
const planText = (more: object = {}) =>
  JSON.stringify({ version: 1, goal: "g", units: [unit], ...more });

async function told(text: string, format: "json" | "yaml" = "json"): Promise<string[]> {
  return problemsOfPlan(await parsePlan(text, format), facts).map(problemLine);
}

describe("a plan file", () => {
  it("is read whole, strings of checks too", async () => {
    const text = `{
      "version": 1, "goal": "Give every import its ending", "context": { "a": [1, null] }, "base": "v1",
      "units": [
        { "id": "core", "title": "Core", "instructions": "x", "owns": [] },
        { "id": "operators", "title": "Operators", "instructions": "…", "owns": ["src/operators/**"],
          "after": ["core"], "worker": "model", "agent": "coder", "checks": ["npm test -- operators"],
          "approval": "required", "budget": { "tokens": 50000, "usd": 0.5 } }
      ],
      "doneWhen": [{ "name": "n", "run": ["node", "x.mjs"], "timeout": "90s" }]
    }`;
    const read = await parsePlan(text, "json");
    expect(read).toEqual({
      type: "plan",
      plan: {
        version: 1,
        goal: "Give every import its ending",
        context: { a: [1, null] },
        base: "v1",
        units: [
          { id: "core", title: "Core", instructions: "x", owns: [], after: [], checks: [] },
          {
            id: "operators",
            title: "Operators",
            instructions: "…",
            owns: ["src/operators/**"],
            after: ["core"],
            worker: "model",
            agent: "coder",
            checks: [
              { name: "npm test -- operators", run: "npm test -- operators", timeoutMs: 600_000 },
            ],
            approval: "required",
            budget: { tokens: 50_000, usd: 0.5 },
          },
        ],
        doneWhen: [{ name: "n", run: ["node", "x.mjs"], timeoutMs: 90_000 }],
      },
    });
    expect(problemsOfPlan(read, facts)).toEqual([]);
  });

  it("tells what is wrong in shape and in sense at once", async () => {
    const text = planText({
      version: "1",
      goals: "g",
      units: [
        { id: 7, title: "A", instructions: "x", own: [], after: ["nobody"] },
        { ...unit, id: "B" },
        { ...unit, id: "c", worker: "modle", checks: [{ run: "" }], approval: "yes" },
        "text",
      ],
      doneWhen: "npm test",
    });
    expect((await told(text)).sort()).toEqual(
      [
        'doneWhen: must be a list, not "npm test"',
        "goals: there is no such key (did you mean goal?)",
        "units[0].after[0]: there is no unit nobody",
        "units[0].id: must be text, not 7",
        "units[0].own: there is no such key (did you mean owns?)",
        "units[0].owns: is missing",
        "units[1].id: B is no id (an id is a-z, 0-9 and -, begins with a letter or digit and has at most 40 characters)",
        'units[2].approval: must be auto or required, not "yes"',
        "units[2].checks[0].run: must not be empty",
        "units[2].worker: there is no worker modle (did you mean model?)",
        'units[3]: must be an object, not "text"',
        'version: must be a number, not "1"',
      ].sort(),
    );
  });

  it.each([
    [
      "another version",
      planText({ version: 2 }),
      "version: this version reads plans of version 1, not 2",
    ],
    ["no unit", planText({ units: [] }), "units: the plan has no unit"],
    ["a key twice", `{ "goal": "a", "goal": "b" }`, "goal: this key is given twice"],
    ["__proto__", `{ "__proto__": { "goal": "g" } }`, "__proto__: there is no such key"],
    ["no object", "[]", "must be an object, not a list"],
    ["null", "null", "must be an object, not null"],
  ])("is refused for %s", async (_, text, line) => {
    expect(await told(text)).toContain(line);
  });

  it.each(["json", "yaml"] as const)(
    "tells what else is wrong beside a key given twice, in %s",
    async (format) => {
      const text = `{ "version": 1, "goal": "g", "goal": "h",
      "units": [],
      "units": [{ "id": "A", "title": "t", "title": 2, "instructions": "i", "owns": ["src/**"], "worker": "modle" },
                { "id": "b", "title": "t", "instructions": "i", "owns": ["../x"], "afer": [] }] }`;
      const lines = problemsOfPlan(await parsePlan(text, format), facts).map(problemLine);
      expect(lines.filter((line) => line.includes("given twice")).sort()).toEqual([
        "goal: this key is given twice",
        "units: this key is given twice",
        "units[0].title: this key is given twice",
      ]);
      expect(lines.map((line) => line.slice(0, line.indexOf(":")))).toEqual(
        expect.arrayContaining([
          "units[0].title",
          "units[1].afer",
          "units[0].id",
          "units[0].worker",
          "units[1].owns[0]",
        ]),
      );
    },
  );

  it("keeps a key __proto__ of the context as plain data", async () => {
    const read = await parsePlan(
      `{ "version": 1, "goal": "g", "units": [], "context": { "__proto__": { "x": 1 } } }`,
      "json",
    );
    const context = read.type === "plan" ? (read.plan.context as object) : {};
    expect(Object.hasOwn(context, "__proto__")).toBe(true);
    expect("x" in context).toBe(false);
  });

  it("reads back from JSON and YAML as it was written", async () => {
    const word = fc
      .string({ unit: "grapheme", minLength: 1, maxLength: 20 })
      .filter((t) => !t.includes("\0"));
    const check: fc.Arbitrary<Check> = fc.record({
      name: word,
      run: fc.oneof(word, fc.array(word, { minLength: 1, maxLength: 3 })),
      timeoutMs: fc.oneof(fc.constant(600_000), fc.integer({ min: 1, max: 2_000_000_000 })),
    });
    const checks = fc.uniqueArray(check, { selector: (one) => one.name, maxLength: 3 });
    const amount = fc.integer({ min: 1, max: 1_000_000 });
    const one: fc.Arbitrary<Unit> = fc
      .record(
        {
          id: fc.stringMatching(
            /^[a-z0-9][a-z0-9-]{0,39}$/,
          ) as fc.Arbitrary<unknown> as fc.Arbitrary<UnitId>,
          title: fc.string({ unit: "grapheme" }).filter((t) => !t.includes("\0")),
          instructions: fc.string({ unit: "grapheme" }).filter((t) => !t.includes("\0")),
          owns: fc.array(word as fc.Arbitrary<unknown> as fc.Arbitrary<Glob>),
          after: fc.array(word as fc.Arbitrary<unknown> as fc.Arbitrary<UnitId>),
          checks,
          worker: word,
          agent: word,
          approval: fc.constantFrom("auto", "required"),
          budget: fc.record({ tokens: amount, usd: amount }, { requiredKeys: [] }),
        },
        { requiredKeys: ["id", "title", "instructions", "owns", "after", "checks"] },
      )
      .map((made) => made as Unit);
    const json = fc
      .jsonValue({ maxDepth: 3 })
      .map((value) => JSON.parse(JSON.stringify(value)) as Json);
    const plan: fc.Arbitrary<PlanFile> = fc
      .record(
        {
          goal: word,
          context: json,
          base: word,
          units: fc.array(one, { maxLength: 3 }),
          doneWhen: checks,
        },
        { requiredKeys: ["goal", "units", "doneWhen"] },
      )
      .map((made) => ({ version: 1, ...made }) as PlanFile);
    await fc.assert(
      fc.asyncProperty(
        plan,
        fc.constantFrom("json" as const, "yaml" as const),
        async (made, format) => {
          const read = await parsePlan(await writePlan(made, format), format);
          expect(read).toEqual({ type: "plan", plan: made });
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe("reading a plan file", () => {
  const failureOf = (work: Promise<unknown>) =>
    work.then(
      () => "read",
      (error: unknown) => (error instanceof Failure ? `${error.exitCode} ${error.message}` : error),
    );

  it("knows the format by the ending, else by the beginning", async () => {
    const yaml =
      "version: 1\ngoal: g\nunits:\n  - {id: a, title: A, instructions: do, owns: [x]}\n";
    const folder = await makeFolder({
      "a.json": `\ufeff${planText()}`,
      "a.yaml": yaml,
      "a.yml": planText(),
      plain: planText(),
      words: `\ufeff${yaml}`,
    });
    for (const name of ["a.json", "a.yaml", "a.yml", "plain", "words"]) {
      const read = await readPlanFile(path.join(folder, name));
      expect([name, read.type]).toEqual([name, "plan"]);
    }
  });

  it("says in one line why a file is none", async () => {
    const folder = await makeFolder({ "empty.json": " \n", "bin.json": "{\0}" });
    await writeFile(path.join(folder, "latin.json"), Buffer.from([0x7b, 0xe9, 0x7d]));
    const said = await Promise.all(
      ["empty.json", "bin.json", "latin.json", "missing.json", ".", "empty.json/x"].map((name) =>
        failureOf(readPlanFile(path.join(folder, name))),
      ),
    );
    expect(said).toEqual([
      `2 the plan ${folder}/empty.json is empty`,
      `2 the plan ${folder}/bin.json is not UTF-8 text`,
      `2 the plan ${folder}/latin.json is not UTF-8 text`,
      `2 the plan ${folder}/missing.json does not exist`,
      `2 the plan ${folder} is a folder`,
      `2 the plan ${folder}/empty.json/x does not exist`,
    ]);
    expect(await failureOf(readPlanFile("/dev/zero"))).toMatch(/^2 .* is larger than 64 MB$/);
  });

  it("throws every problem as one usage failure, and gives the plan only without any", async () => {
    const wrong = await parsePlan(planText({ gaol: 1, version: 3 }), "json");
    try {
      requirePlan("plan.json", wrong, facts);
      expect.unreachable();
    } catch (error) {
      const failure = error as Failure;
      expect([failure.code, failure.exitCode]).toEqual(["plan_wrong", 2]);
      expect((failure.details["problems"] as Problem[]).map((problem) => problem.field)).toEqual([
        "gaol",
        "version",
      ]);
    }
    const right = await parsePlan(planText(), "json");
    expect(requirePlan("plan.json", right, facts).goal).toBe("g");
  });

  it("answers for a plan in which everything is wrong", async () => {
    const wrong = Array.from({ length: 2000 }, (_, n) => ({ [`key${n}`]: n, ownz: [] }));
    const many = Array.from({ length: 200_000 }, () => 1);
    const keys = Object.fromEntries(many.slice(0, 10_000).map((_, n) => [`key${n}`, n]));
    const ms = await processorMs(async () => {
      for (const more of [{ units: wrong }, { units: many }, keys, { doneWhen: wrong }]) {
        const problems = problemsOfPlan(await parsePlan(planText(more), "json"), facts);
        expect(cutProblems(problems).length).toBeLessThanOrEqual(201);
        expect(problems.length).toBeGreaterThan(0);
      }
    });
    expect(ms).toBeLessThan(30_000);
  });

  it("answers for a 10 MB plan in seconds", async () => {
    const units = Array.from({ length: 60_000 }, (_, n) => ({
      ...unit,
      id: `u${n}`,
      owns: [`src/f${n}.ts`],
      instructions: "x".repeat(80),
    }));
    const ms = await processorMs(async () => {
      expect(await told(planText({ units }))).toEqual([expect.stringContaining("limits.units")]);
    });
    expect(ms).toBeLessThan(20_000);
  });
});
