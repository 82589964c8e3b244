/** What agents may spend, seen from outside: the server's own bill is what is believed. */
import { existsSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import type { FinalDocument } from "../../src/view/document.ts";
import {
  billed,
  eventsIn,
  makeModelScene,
  requestsOf,
  resultsTold,
  runPlan,
  type Said,
  script,
  unitCalled,
  wordsOf,
} from "../support/model-run.ts";
import { type ErrorDocument, planned, unitIn } from "../support/scene.ts";

const kept = { kept: ["refs/heads/pleach/"] };
const usage = { prompt_tokens: 3000, completion_tokens: 100 };
const model = { outputTokensMax: 500 };

/** Goes on for ever, and has written a file in its first turn. */
function endless(file: string): readonly Said[] {
  const looks = Array.from({ length: 25 }, (_, at): Said => {
    return { text: `look ${at}`, calls: [["glob", { pattern: `x${at}` }]], usage };
  });
  return [{ calls: [["write", { path: file, content: "half\n" }]], usage }, ...looks];
}

/** The same, whatever else it is told meanwhile. */
function endlessly(file: string, system: string, told?: string) {
  return endless(file).map((said, at) => {
    const [fixture] = script(told ?? "", [said], { system, from: at });
    if (fixture === undefined) throw new Error("a script has a fixture for each answer");
    if (told !== undefined) return fixture;
    const { userMessage: _, ...match } = fixture.match;
    return { ...fixture, match };
  });
}

test("a run ends at its budget with what was done by then kept, and warns before it", async () => {
  const scene = await makeModelScene({ fixtures: endlessly("a.txt", "You are a coder"), model });
  const plan = scene.plan({ units: [planned("a"), planned("b", { after: ["a"] })] });
  const budget = 40_000;
  const { code, document, stderr } = await scene.ask<FinalDocument>(
    runPlan(plan, "--budget-tokens", String(budget)),
    kept,
  );
  expect({ code, outcome: document.outcome }).toEqual({ code: 5, outcome: "over_budget" });
  expect(unitIn(document, "a")).toMatchObject({
    status: "cancelled",
    reason: {
      type: "over_budget",
      message: expect.stringContaining(budget.toLocaleString("en-US")),
    },
    changed: ["a.txt"],
    agents: [{ id: "coder", status: "cancelled", parent: null }],
  });
  expect(unitIn(document, "b").status).not.toBe("merged");
  const snapshot = `refs/pleach/${document.run}/a/1:a.txt`;
  expect(await scene.repository.git("show", snapshot)).toBe("half");
  const bill = await billed(scene.server);
  expect(document.spend).toMatchObject({ inputTokens: bill.input, outputTokens: bill.output });
  expect(bill.input + bill.output).toBeLessThanOrEqual(budget);
  expect(bill.input + bill.output).toBeGreaterThan(budget - 6000);
  expect(eventsIn(scene, document.run, "budget-warned")).toMatchObject([
    { level: "run", name: "run", unit: "a" },
  ]);
  expect(stderr).toContain("most of the run's budget is spent");
  const status = await scene.type(["status"], kept);
  expect(status.stdout).toContain("over budget");
  const again = await scene.ask<FinalDocument>(["resume"], kept);
  expect({ code: again.code, bill: await billed(scene.server) }).toEqual({ code: 5, bill });
});

test("a unit ends at its own budget, and a subagent at its share with its result given to its parent", async () => {
  const scene = await makeModelScene({
    fixtures: [
      ...endlessly("own.txt", "You are a coder", unitCalled("own")),
      ...script(
        unitCalled("shared"),
        [{ calls: [["task", { description: "SPEND IT" }]], usage }, { text: "Its part is kept." }],
        { system: "You are a coder" },
      ),
      ...script("has spent most of its budget", [{ text: "Its part is kept." }], { from: 1 }),
      ...endlessly("shared.txt", "You do one task from beginning to end"),
    ],
    config: { budget: { agent: { tokens: 60_000 } } },
    model,
  });
  const plan = scene.plan({
    units: [planned("own", { budget: { tokens: 15_000 } }), planned("shared")],
  });
  const { code, document } = await scene.ask<FinalDocument>(runPlan(plan, "--land", "partial"), {
    ...kept,
    lands: { paths: ["shared.txt"] },
  });
  expect({ code, outcome: document.outcome }).toEqual({ code: 5, outcome: "over_budget" });
  const own = unitIn(document, "own");
  expect(own).toMatchObject({ status: "cancelled", reason: { type: "over_budget" } });
  expect(own.spend.inputTokens + own.spend.outputTokens).toBeLessThanOrEqual(15_000);
  const shared = unitIn(document, "shared");
  expect(shared).toMatchObject({ status: "merged", changed: ["shared.txt"] });
  const [parent, child] = shared.agents;
  expect(parent).toMatchObject({ id: "coder", status: "completed", said: "Its part is kept." });
  expect(child).toMatchObject({ id: "coder.1", status: "cancelled", parent: "coder" });
  // At most a share of 0.8 of what the parent had left.
  const spent = (child?.spend.inputTokens ?? 0) + (child?.spend.outputTokens ?? 0);
  expect(spent).toBeLessThanOrEqual(0.8 * (60_000 - 3100));
  const requests = await requestsOf(scene.server, unitCalled("shared"));
  const [report = ""] = requests[1] === undefined ? [] : resultsTold(requests[1]);
  expect(report).toMatch(/"status":"cancelled","reason":"the budget of shared\/coder\.1 is spent/);
  expect(report).toMatch(/"summary":"look \d+"/);
  const words = (await requestsOf(scene.server, "SPEND IT")).map(wordsOf);
  expect(words.at(-1)).toContain("Most of your budget is spent.");
  expect(words[0]).not.toContain("Most of your budget is spent.");
});

test("a budget in dollars needs a price before the run begins, and holds by it", async () => {
  const scene = await makeModelScene({ fixtures: endlessly("a.txt", "You are a coder"), model });
  const plan = scene.plan({ units: [planned("a")] });
  const unknown = await scene.ask<ErrorDocument>(runPlan(plan, "--budget-usd", "1"));
  expect(unknown.code).toBe(2);
  expect(unknown.document.error).toMatchObject({ code: "unknown_price" });
  expect(unknown.stderr).toContain("workers.model.price");
  expect(existsSync(path.join(scene.repository.path, ".git/pleach/runs"))).toBe(false);
  expect(await scene.server.requests()).toEqual([]);

  const priced = await makeModelScene({
    fixtures: endlessly("a.txt", "You are a coder"),
    model: { ...model, price: { input: 10, cached: 1, output: 100 } },
  });
  const { code, document } = await priced.ask<FinalDocument>(
    runPlan(priced.plan({ units: [planned("a")] }), "--budget-usd", "0.3"),
    kept,
  );
  expect(code).toBe(5);
  const bill = await billed(priced.server);
  const usd = bill.input * 10e-6 + bill.output * 100e-6;
  expect(document.spend.usd).toBeCloseTo(usd, 9);
  expect(usd).toBeLessThanOrEqual(0.3);
  expect(usd).toBeGreaterThan(0.15);
});
