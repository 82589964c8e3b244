import { describe, expect, it } from "vitest";
import { foldRun } from "../../src/core/reduce.ts";
import { progressLine } from "../../src/view/progress.ts";
import { sayTime } from "../../src/view/words.ts";
import { type Story, startedAt, startRun, unit } from "../support/run-state.ts";

/** The story as it is told while it happens: each line with the state after it. */
function told(story: Story, verbose = false): string[] {
  const lines = story.lines();
  return lines.flatMap((line, position) => {
    const state = foldRun(lines.slice(0, position + 1));
    const said = state && progressLine(line, state, { verbose });
    return said === undefined ? [] : [said];
  });
}

const withoutTimes = (lines: readonly string[]) => lines.map((line) => line.slice(9));

describe("the lines of progress", () => {
  it("tell a run as a story", () => {
    const story = startRun({ units: [unit("operators"), unit("core")] })
      .start("operators")
      .refuse("operators")
      .start("operators")
      .accept("operators", ["src/operators/a.ts", "src/operators/b.ts"])
      .merge("operators")
      .start("core")
      .accept("core")
      .conflict("core", ["src/x.ts"])
      .complete("core")
      .finish("complete")
      .land();
    expect(withoutTimes(told(story))).toEqual([
      "run        20261120-1430-k3f9: 2 units, for main, from 0000000000",
      "operators  attempt 1 started",
      "operators  refused, no change: nothing was changed; will be tried again",
      "operators  attempt 2 started after no change: nothing was changed",
      "operators  worked, 2 files changed; waits in the merge queue",
      "operators  merged as 0000000000",
      "core       attempt 1 started",
      "core       worked, 1 file changed; waits in the merge queue",
      "core       conflict in src/x.ts",
      "core       attempt 2 started after conflict: both changed it (src/x.ts)",
      "core       worked, 1 file changed; waits in the merge queue",
      "core       merged as 0000000000",
      "run        complete: 2 merged",
      "land       main: 0000000000 → 0000000000",
    ]);
  });

  it("name no path twice that the reason names itself", () => {
    const strayed = { type: "strayed", message: "protected: README.md", paths: ["README.md"] };
    const story = startRun({ units: [unit("a")] })
      .start("a")
      .refuse("a", strayed as never);
    expect(told(story).join().split("README.md")).toHaveLength(2);
  });

  it("begin with the time of day", () => {
    const [first] = told(startRun({ units: [unit("a")] }));
    expect(first?.slice(0, 8)).toBe(sayTime(startedAt));
  });

  it("name a red check always, a green one only when more is asked for", () => {
    const story = startRun({ units: [unit("a")] }).complete("a");
    expect(told(story.verify("types", true)).some((line) => line.includes("types"))).toBe(false);
    expect(told(story, true).some((line) => line.includes("types passed"))).toBe(true);
    const red = told(story.verify("tests", false));
    expect(red.at(-1)).toContain("tests failed after 2.0 s: exit code 1");
  });

  it("say why a check is red without its name twice", () => {
    const story = startRun({ units: [unit("a")] }).complete("a");
    const commit = story.state().integration;
    const result = { name: "npm test", passed: false, seconds: 2, message: "npm test: exited 3" };
    story.happened(
      { type: "check-started", commit, name: "npm test" },
      { type: "check-finished", commit, result },
    );
    expect(told(story).at(-1)).toMatch(/ {2}npm test failed after 2\.0 s: exited 3$/);
  });

  it("say of what was kept only how much it is", () => {
    const story = startRun({ units: [unit("a")] })
      .complete("a")
      .finish("partial")
      .clean([], ["/w/1 (in use)", "refs/pleach/r/a/1", "refs/pleach/r/a/2"]);
    expect(withoutTimes(told(story)).at(-1)).toBe(
      "clean   kept 2 refs and 1 worktree; `pleach status` names them",
    );
  });

  it("do not say that a finished run goes on when it is landed, undone or cleaned", () => {
    const resumed = { type: "run-resumed", runner: { pid: 1, startTime: "1", boot: "b" } } as const;
    const story = startRun({ units: [unit("a")] }).complete("a");
    expect(told(story.happened(resumed)).at(-1)).toContain("goes on: 1 merged");
    const before = told(story.finish("complete").land()).length;
    expect(told(story.happened(resumed))).toHaveLength(before);
  });

  it("name the target's new tip in full, however short the units' names are", () => {
    const story = startRun({ units: [unit("a")] })
      .complete("a")
      .finish("complete");
    const tip = "e".repeat(40) as never;
    const subject = { type: "target" } as const;
    story.happened(
      { type: "target-seen", tip, contained: false },
      { type: "merge-started", subject, onto: story.state().integration, head: tip },
      { type: "candidate-made", subject, commit: tip, tree: tip },
      { type: "merge-finished", subject, outcome: { type: "merged", commit: tip } },
    );
    expect(withoutTimes(told(story)).at(-1)).toBe(
      "land    the target's new tip merged as eeeeeeeeee",
    );
  });
});
