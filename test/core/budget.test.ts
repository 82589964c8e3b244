import { describe, expect, it } from "vitest";
import { Account, shareOf, stricter } from "../../src/core/budget.ts";
import { noSpend, type Spend } from "../../src/core/spend.ts";

const tokens = (count: number): Spend => ({ ...noSpend, inputTokens: count });

function tree(limits: { run?: number; unit?: number } = {}) {
  const limitOf = (count: number | undefined) => (count === undefined ? {} : { tokens: count });
  const run = new Account({ level: "run", name: "run", limit: limitOf(limits.run), warnAt: 0.8 });
  const unit = run.child({ level: "unit", name: "a", limit: limitOf(limits.unit) });
  return { run, unit, agent: unit.child({ level: "agent", name: "a/coder", limit: {} }) };
}

describe("an account", () => {
  it("takes from itself and from all above, and says whose limit stands in the way", () => {
    const { run, unit, agent } = tree({ run: 100, unit: 60 });
    const first = agent.reserve(tokens(50));
    expect(first.type).toBe("reserved");
    expect([run.left(), unit.left()]).toEqual([{ tokens: 50 }, { tokens: 10 }]);
    expect(agent.reserve(tokens(11))).toMatchObject({ type: "over", level: "unit", limit: 60 });
    if (first.type === "reserved") first.settle(tokens(20));
    expect(agent.left()).toEqual({ tokens: 40 });
    expect(run.spent).toEqual(tokens(20));
  });

  it("warns once at each level that passes its share", () => {
    const { agent } = tree({ run: 100, unit: 50 });
    const settle = (count: number) => {
      const reserved = agent.reserve(tokens(count));
      return reserved.type === "over" ? [] : reserved.settle(tokens(count)).map(({ name }) => name);
    };
    expect([settle(30), settle(15), settle(5)]).toEqual([[], ["a"], []]);
  });

  it("wakes who waits for what others hold, wherever above it is held", async () => {
    const { run, agent } = tree({ run: 100 });
    const other = run.child({ level: "unit", name: "b", limit: {} });
    const held = other.reserve(tokens(95));
    expect(agent.reserve(tokens(10)).type).toBe("over");
    expect([agent.hasOpen, agent.couldFit(tokens(10)), agent.couldFit(tokens(101))]).toEqual([
      true,
      true,
      false,
    ]);
    const woken = agent.untilSettled();
    if (held.type === "reserved") held.settle(tokens(5));
    await woken;
    expect([agent.hasOpen, agent.reserve(tokens(10)).type]).toEqual([false, "reserved"]);
  });
});

describe("budgets", () => {
  it("are the stricter of two, and shared among those who start together", () => {
    expect(stricter({ tokens: 10 }, { tokens: 20, usd: 1 })).toEqual({ tokens: 10, usd: 1 });
    expect(shareOf({ tokens: 100, usd: 1 }, 0.8, 2)).toEqual({ tokens: 40, usd: 0.4 });
  });
});
