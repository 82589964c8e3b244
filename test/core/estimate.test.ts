import { describe, expect, it } from "vitest";
import { assumptionsOf, estimatePlan, serialSeconds } from "../../src/core/estimate.ts";
import type { UnitId } from "../../src/core/id.ts";
import { makespan } from "../../src/core/makespan.ts";
import { criticalPath, startOrder } from "../../src/core/order.ts";
import type { Unit } from "../../src/core/plan.ts";

const unit = (id: string, ...after: readonly string[]): Unit => ({
  id: id as UnitId,
  title: id,
  instructions: "",
  owns: [],
  after: after as readonly UnitId[],
  checks: [],
});
const kilobyte = (path: string) => ({ path, bytes: 1024 });

describe("an estimate", () => {
  it("holds many workers against one, in time, tokens and money", () => {
    const by = assumptionsOf({ worker: "model", slots: 2, checks: 1 });
    const units = [unit("a"), unit("b")];
    const files = [[kilobyte("a.ts")], [kilobyte("b.ts")]];
    const estimate = estimatePlan(units, files, by, ({ inputTokens, outputTokens }) => {
      return (inputTokens + 10 * outputTokens) / 1_000_000;
    });
    expect(estimate).toEqual({
      serial: { seconds: 30 + 2 * 20.5 + 20, tokens: 91_568, usd: 0.1011 },
      // The second merge waits until the first is checked.
      parallel: { seconds: 30 + 20.5 + 2 * 20, tokens: 121_568, usd: 0.1311 },
      units: [50.5, 50.5],
      assumptions: by,
    });
  });

  it("does not guess what nobody can know", () => {
    const model = assumptionsOf({ worker: "model", slots: 1, checks: 0 });
    const other = assumptionsOf({ worker: "command", slots: 1, checks: 0 });
    const codemod = assumptionsOf({ worker: "codemod", slots: 1, checks: 0 });
    const costOf = (by: typeof model) =>
      estimatePlan([unit("a")], [[kilobyte("a")]], by, () => undefined).serial;
    expect(costOf(model)).toMatchObject({ usd: null });
    expect(costOf(other)).toMatchObject({ tokens: null, usd: null });
    expect(costOf(codemod)).toEqual({ seconds: 0.5, tokens: 0, usd: 0 });
  });

  it("of one worker is what its files take, its start, and each check once", () => {
    const by = assumptionsOf({ worker: "command", slots: 4, checks: 3 });
    expect(serialSeconds([kilobyte("a"), kilobyte("b")], by)).toBe(30 + 41 + 60);
  });
});

describe("the time of a plan", () => {
  const lanes = { slots: 2, mergeSeconds: 0 };

  it("is that of the slots, the waits and the merges", () => {
    const independent = [unit("a"), unit("b"), unit("c")];
    expect(makespan({ units: independent }, [3, 2, 2], lanes)).toBe(4);
    expect(makespan({ units: independent }, [3, 2, 2], { ...lanes, slots: 3 })).toBe(3);
    expect(makespan({ units: independent }, [3, 2, 2], { slots: 3, mergeSeconds: 5 })).toBe(17);
    const chain = [unit("a"), unit("b", "a"), unit("c", "b")];
    expect(makespan({ units: chain }, [1, 2, 3], { slots: 9, mergeSeconds: 1 })).toBe(9);
    expect(makespan({ units: [] }, [], lanes)).toBe(0);
  });

  it("ends for a plan of 100,000 units in a row", () => {
    const units = Array.from({ length: 100_000 }, (_, n) =>
      n === 0 ? unit("u0") : unit(`u${n}`, `u${n - 1}`),
    );
    const seconds = units.map(() => 1);
    expect(makespan({ units, estimate: { units: seconds } }, seconds, lanes)).toBe(100_000);
  });
});

describe("what is started first", () => {
  const units = [unit("short"), unit("long"), unit("head"), unit("tail", "head")];

  it("is what has the most units behind it where nobody estimated", () => {
    expect(startOrder({ units })).toEqual([2, 0, 1, 3]);
    expect(criticalPath(units)).toEqual({ units: ["head", "tail"], length: 2 });
  });

  it("is the longest chain of work where somebody did", () => {
    const seconds = [5, 100, 10, 20];
    const estimated = [...units];
    expect(startOrder({ units: estimated, estimate: { units: seconds } })).toEqual([1, 2, 3, 0]);
    expect(criticalPath(units, seconds)).toEqual({ units: ["long"], length: 100 });
  });

  it("takes a unit that came later for an average one", () => {
    const grown = [...units, unit("late")];
    expect(startOrder({ units: grown, estimate: { units: [5, 100, 10, 20] } })).toEqual([
      1, 4, 2, 3, 0,
    ]);
  });
});
