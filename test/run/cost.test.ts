/** What a run costs, counted: processes, worktrees, check runs, writes to the user's files. Milliseconds are for `npm run bench`. */
import { expect, test } from "vitest";
import { costOf } from "../support/many-units.ts";

test("each unit costs three git processes, one check and no worktree of its own", async () => {
  const few = await costOf({ units: 10, slots: 3 });
  const more = await costOf({ units: 30, slots: 3, untouched: 100 });
  expect([few.code, more.code], more.stderr).toEqual([0, 0]);
  const perUnit = Object.fromEntries(
    Object.entries(more.git).map(([name, count]) => [name, (count - (few.git[name] ?? 0)) / 20]),
  );
  expect(Object.fromEntries(Object.entries(perUnit).filter(([, count]) => count !== 0))).toEqual({
    // Its own worktree, and the integration worktree in which its merge is verified.
    restore: 1,
    checkout: 1,
    // What the worker left. Objects, refs and differences are asked of gits that stay.
    status: 1,
  });
  expect(more.gitProcesses - 3 * 30).toBeLessThanOrEqual(45);
  expect(more.git).toMatchObject({ worktree: 3 + 1 + 3, "read-tree": 1 });
  expect(more.worktreesMax).toBeLessThanOrEqual(3);
  expect([more.checkRuns, more.doneWhenRuns]).toEqual([30, 1]);
  expect((more.journalLines - few.journalLines) / 20).toBe(7);
  // The target came along in one go; what did not change is the very same file still.
  expect(more.rewritten).toHaveLength(30);
  expect(more.rewritten.every((name) => name.startsWith("src/"))).toBe(true);
});
