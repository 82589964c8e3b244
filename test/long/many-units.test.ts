/** A thousand units in one run: no unit may cost more for the others. */
import { expect, test } from "vitest";
import { costOf } from "../support/many-units.ts";

test("a unit costs the same among 1,000 as among 50", async () => {
  const few = await costOf({ units: 50, slots: 4, untouched: 200 });
  const many = await costOf({ units: 1000, slots: 4, untouched: 200 });
  expect([few.code, many.code], many.stderr.slice(-2000)).toEqual([0, 0]);
  // Three each, and git's own merge for those that waited for more than 500 others.
  const mergeTrees = many.git["merge-tree"] ?? 0;
  expect(many.gitProcesses - few.gitProcesses - mergeTrees).toBe(3 * 950);
  expect(mergeTrees).toBeLessThan(500);
  expect(many.journalLines - few.journalLines).toBe(7 * 950);
  expect(many.worktreesMax).toBeLessThanOrEqual(4);
  expect([many.checkRuns, many.doneWhenRuns]).toEqual([1000, 1]);
  expect(many.rewritten).toHaveLength(1000);
  // Nothing is kept of a unit but its state: 120 MB is the bound for 1,000, and Node itself has 45.
  expect(many.memoryMb).toBeLessThanOrEqual(120);
  expect(many.memoryMb - few.memoryMb).toBeLessThanOrEqual(30);
});
