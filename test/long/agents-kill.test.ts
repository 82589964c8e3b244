/** Agents killed at all moments: no call is paid for twice but what was under way, and no budget is passed. */
import { expect, test } from "vitest";
import { runKilledAgents } from "../support/killed-agents.ts";
import { type Kill, sumOf } from "../support/killed-run.ts";
import { randomFrom } from "../support/merge-cases.ts";

const lanes = 3;
/** Lines of the journal and of the transcripts that one uninterrupted run writes, about. */
const linesMax = 150;

test("killed before, in and after a line of journal or transcript, and again while it goes on, a run of agents ends as it would have", async () => {
  const ways = ["before", "torn", "after"] as const;
  const kills = Array.from({ length: linesMax / 5 }, (_, at): readonly Kill[] => [
    { when: ways[at % 3] ?? "after", line: 2 + at * 5 },
    { when: ways[(at + 1) % 3] ?? "after", line: 2 + ((at * 7) % 60) },
  ]);
  const killed = await sumOf(kills, lanes, async (both) => {
    const ran = await runKilledAgents(both);
    expect({ code: ran.code, outcome: ran.document.outcome }, JSON.stringify(both)).toEqual({
      code: 0,
      outcome: "complete",
    });
    return ran.killed;
  });
  expect(killed).toBeGreaterThan(30);
});

test("killed at random moments over and over, agents never pass the budget of their run", async () => {
  const budgets = [60_000, 75_000, 90_000, 500_000];
  const seeds = Array.from({ length: 24 }, (_, seed) => seed);
  const killed = await sumOf(seeds, lanes, async (seed) => {
    const random = randomFrom(seed);
    const budget = budgets[seed % budgets.length] ?? 0;
    const kills = Array.from({ length: 3 }, (): Kill => {
      return { when: "moment", line: 1 + random(60), ms: random(150) };
    });
    const ran = await runKilledAgents(kills, ["--budget-tokens", String(budget)]);
    expect(ran.bill.input + ran.bill.output).toBeLessThanOrEqual(budget);
    if (budget === 500_000) expect(ran.code).toBe(0);
    return ran.killed;
  });
  expect(killed).toBeGreaterThan(24);
});
