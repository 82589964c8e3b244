import { describe, expect, it } from "vitest";
import { displayWidth } from "../../src/core/text.ts";
import { finalDocument } from "../../src/view/document.ts";
import { statusLine, statusView } from "../../src/view/status.ts";
import { makePaint } from "../../src/view/words.ts";
import { check, runId, settings, sha, startedAt, startRun, unit } from "../support/run-state.ts";
import { landed } from "../support/run-story.ts";

const look = { now: startedAt + 60_000, alive: true, width: 100, paint: makePaint(false) };
const oneTry = { ...settings.limits, attempts: 1 };
const over = { ...look, alive: false };

describe("the status of a run", () => {
  it("says who does what, what is stuck and why, and for how long", () => {
    const state = startRun({ units: [unit("a"), unit("b", { after: ["a"] }), unit("c")] })
      .start("a")
      .complete("c")
      .state();
    const text = statusView(state, look);
    expect(text).toMatch(/^a +running +1 +59 s +works for 59 s$/m);
    expect(text).toMatch(/^b +pending +0 +waits for a$/m);
    expect(text).toMatch(/^c +merged +1 +1\.0 s +\w{10}, 1 file: did it$/m);
    expect(text).toContain("Waiting for:\n  a: attempt 1 works for 59 s");
  });

  it("says what a person has to do first", () => {
    const state = startRun({ units: [unit("a", { approval: "required" })] })
      .happened({ type: "approval-asked", id: "a-1", unit: "a" as never })
      .state();
    const text = statusView(state, look);
    expect(text).toContain("a: wants to begin (The a): waits for `pleach approve a-1`");
    expect(text).toContain("pleach approve a-1  a wants to begin");
  });

  it("offers to resume a run that nobody works on", () => {
    const state = startRun({ units: [unit("a")] })
      .start("a")
      .state();
    const text = statusView(state, over);
    expect(text).toContain("cut off");
    expect(text).toContain(`pleach resume ${state.run}`);
    expect(text).not.toContain("Waiting for:");
  });

  it("lets no time pass, and nothing run, where nobody works on it any more", () => {
    const state = startRun({ units: [unit("a"), unit("b")] })
      .start("a")
      .happened({ type: "unit-stopping", unit: "a" as never, attempt: 1, why: "interrupted" })
      .start("b")
      .state();
    const text = statusView(state, over);
    expect(text).not.toContain("running");
    expect(text).not.toContain("being stopped");
    expect(text).toMatch(
      /^a +cut off +1 +2\.0 s +was cut off; `pleach resume` takes it up again$/m,
    );
    expect(text).toContain("2 cut off");
    expect(statusView(state, { ...over, now: over.now + 9_000 })).toBe(text);
  });

  it("shows agents that were cut off as those that will go on", () => {
    const agent = { unit: "a" as never, attempt: 1, role: "coder", kind: "spawn" } as const;
    const story = startRun({ units: [unit("a")] }).start("a");
    const started = { type: "agent-started", ...agent } as const;
    const state = story
      .happened(
        { ...started, agent: "coder", queued: false },
        { ...started, agent: "coder.1", parent: "coder", queued: true },
      )
      .state();
    const text = statusView(state, over);
    expect(text).toMatch(/^a\/coder +coder +pending /m);
    expect(text).not.toMatch(/running|queued/);
    expect(text).toContain(`pleach resume ${state.run}  nobody drives the run`);
    const statuses = (alive: boolean) =>
      finalDocument(state, { alive }).units[0]?.agents.map(({ status }) => status);
    expect(statuses(false)).toEqual(["pending", "pending"]);
    expect(statuses(true)).toEqual(["running", "queued"]);
  });

  it("says that what an agent spent is partly an estimate", () => {
    const who = { unit: "a" as never, attempt: 1, agent: "coder" };
    const spend = { inputTokens: 1000, cachedTokens: 0, outputTokens: 0, usd: 0 };
    const story = startRun({ units: [unit("a")] }).start("a");
    story.happened(
      { type: "agent-started", ...who, role: "coder", kind: "spawn", queued: false },
      { type: "agent-spent", ...who, turns: 1, spend, estimated: true, said: "" },
    );
    expect(statusView(story.state(), over)).toMatch(/^a\/coder .* about 1,000 tokens /m);
  });

  it.each([
    ["interrupted", "pending"],
    ["timed_out", "timed_out"],
    ["cancelled", "cancelled"],
  ] as const)("shows agents that ended with an attempt that was %s as %s", (why, status) => {
    const workers = { model: { type: "model" } as never };
    const limits = { ...settings.limits, attempts: 1 };
    const model = { worker: "model", workers, limits };
    const story = startRun({ units: [unit("a")], settings: model }).start("a");
    const who = { unit: "a" as never, attempt: 1 };
    const agent = { ...who, agent: "coder", role: "coder", kind: "spawn", queued: false } as const;
    story.happened({ type: "agent-started", ...agent });
    if (why === "interrupted") story.happened({ type: "run-interrupted", why: "SIGINT" });
    if (why === "cancelled") story.happened({ type: "unit-cancelled", unit: who.unit });
    story.happened({ type: "unit-stopping", ...who, why });
    const outcome = { type: "stopped" } as const;
    story.happened({ type: "unit-finished", ...who, outcome, leavings: { begun: true } });
    const [only] = finalDocument(story.state(), { alive: false }).units;
    expect(only?.agents.map((one) => one.status)).toEqual([status]);
  });

  it("says of a run that waits for an approval just that, and not that it was interrupted", () => {
    const state = startRun({ units: [unit("a", { approval: "required" })] })
      .happened({ type: "approval-asked", id: "a-1", unit: "a" as never })
      .happened({ type: "run-interrupted", why: "it waits for an approval" })
      .state();
    expect(statusView(state, over)).toContain(`Run ${runId}  awaiting approval\n`);
    expect(statusLine(state, false)).toBe(`${runId} awaiting approval: 1 awaiting approval`);
  });

  it("names the files that a landing was refused for, and what to type", () => {
    const state = startRun({ units: [unit("a")] })
      .complete("a")
      .finish("complete")
      .refuseLanding("local edits are in the way", ["src/a.ts", "src/b.ts"])
      .state();
    const text = statusView(state, over);
    expect(text).toContain("Not landed on main. local edits are in the way: src/a.ts, src/b.ts");
    expect(text).toContain(`pleach land ${state.run}`);
  });

  it("does not name files twice that the refusal names itself, and says how they get out of the way", () => {
    const state = startRun({ units: [unit("a")] })
      .complete("a")
      .finish("complete")
      .refuseLanding("your edits would be lost: src/a.ts; the result stays", ["src/a.ts"])
      .state();
    const text = statusView(state, over);
    expect(text).toContain("Not landed on main. your edits would be lost: src/a.ts; the result");
    expect(text.split("src/a.ts")).toHaveLength(2);
    expect(text).toContain(`pleach land ${state.run}  lands it, once you committed or stashed`);
  });

  it.each(["conflict", "check_failed"] as const)(
    "offers a merge by hand where the target's new commits are refused for %s",
    (type) => {
      const state = startRun({ units: [unit("a")] })
        .complete("a")
        .finish("complete")
        .refuseLanding("the target moved", [], type)
        .state();
      const text = statusView(state, over);
      expect(text).toContain(`git merge pleach/${state.run}/integration  on main: `);
      expect(text).not.toContain("pleach land");
    },
  );

  it.each(["target_moved", "local_edits", "not_possible"] as const)(
    "does not offer an undo again that was refused for %s",
    (type) => {
      const state = startRun({ units: [unit("a")] })
        .complete("a")
        .finish("complete")
        .land()
        .refuseUndo("it cannot be", type)
        .state();
      const text = statusView(state, over);
      expect(text).toContain("Not taken back: it cannot be");
      expect(text).not.toContain("pleach undo");
    },
  );

  it("says that nothing was merged, and names no branch that is not there", () => {
    const text = statusView(
      startRun({ units: [unit("a")] })
        .start("a")
        .refuse("a")
        .start("a")
        .refuse("a")
        .finish("failed")
        .state(),
      over,
    );
    expect(text).toContain("Nothing was merged.");
    expect(text).not.toContain("integration");
    expect(text).not.toContain("pleach land");
  });

  it("does not name the branch or offer to land what was thrown away", () => {
    const story = startRun({ units: [unit("a"), unit("b")] })
      .complete("a")
      .finish("partial");
    const branch = `refs/heads/pleach/${runId}/integration`;
    expect(statusView(story.clean([], [branch]).state(), over)).toContain(
      `Nothing landed; what is merged is on pleach/${runId}/integration (`,
    );
    const text = statusView(story.clean([branch], []).state(), over);
    expect(text).toContain("Nothing landed.\n");
    expect(text).not.toContain("integration");
    expect(text).not.toContain("pleach land");
  });

  it("names each place of kept work once, under whose it is", () => {
    const snapshot = `refs/pleach/${runId}/a/2`;
    const story = startRun({ units: [unit("a"), unit("b")] })
      .start("a")
      .refuse("a")
      .start("a")
      .refuse("a")
      .complete("b")
      .finish("partial");
    const kept = [
      "/state/w/1 (in use)",
      `refs/heads/pleach/${runId}/integration`,
      `refs/pleach/${runId}/a/1`,
      snapshot,
    ];
    const text = statusView(story.clean([], kept).state(), over);
    expect(text).toContain(
      [
        "Kept work:",
        `  a: ${snapshot}`,
        "  worktree: /state/w/1 (in use)",
        `  what is merged: refs/heads/pleach/${runId}/integration`,
        `  a: refs/pleach/${runId}/a/1`,
        "",
      ].join("\n"),
    );
    expect(statusView(story.clean(kept, []).state(), over)).not.toContain("Kept work");
  });

  it("says where what no commit can hold is kept, until it is thrown away", () => {
    const leavings = { snapshot: sha(7), left: ["inner/.git", "pipe"] };
    const reason = { type: "worker_failed", message: "exited with 1", paths: [] } as const;
    const outcome = { type: "refused", reason, changed: [], summary: "" } as const;
    const ended = { unit: "a" as never, attempt: 1, outcome, leavings };
    const story = startRun({ units: [unit("a")], settings: { limits: oneTry } })
      .start("a")
      .happened({ type: "unit-finished", ...ended })
      .finish("failed");
    const where = "units/a/1/left";
    const held = "no commit can hold inner/.git, pipe";
    expect(statusView(story.state(), { ...over, folder: "/f" })).toContain(
      `${held} (kept in /f/${where}, but for what cannot be copied)\n`,
    );
    // Named once, though the clean-up names it as well.
    story.clean([], [`refs/pleach/${runId}/a/1`, `/f/${where}`]);
    expect(statusView(story.state(), over).split(where)).toHaveLength(2);
    story.clean([`refs/pleach/${runId}/a/1`, `/f/${where}`], []);
    expect(statusView(story.state(), over)).not.toContain("Kept work");
  });

  it("puts a summary of several lines on one, each told apart", () => {
    const state = startRun({ units: [unit("a")] })
      .start("a")
      .accept("a", ["x.ts"], "changed 8 of 54 files\n1 file could not be parsed\n")
      .merge("a")
      .state();
    expect(statusView(state, look)).toContain(
      "changed 8 of 54 files; 1 file could not be parsed\n",
    );
  });

  it("says what was not asked, rather than that it does not hold", () => {
    const state = startRun({ units: [unit("a")], doneWhen: [check("none left")] })
      .start("a")
      .refuse("a")
      .start("a")
      .refuse("a")
      .finish("failed")
      .state();
    expect(statusView(state, over)).toContain("Done when:\n  none left: not asked\n");
  });

  it("says where the work that did not land is kept, and how to look at it and throw it away", () => {
    const state = startRun({ units: [unit("a"), unit("b")] })
      .start("a")
      .refuse("a")
      .start("a")
      .refuse("a", { type: "strayed", message: "it strayed", paths: ["x.ts" as never] })
      .complete("b")
      .finish("partial")
      .state();
    const text = statusView(state, over);
    expect(text).toContain("strayed: it strayed (x.ts)");
    expect(text).toContain(`a: refs/pleach/${state.run}/a/2`);
    expect(text).toContain(`pleach logs ${state.run}/a`);
    expect(text).toContain(`pleach land ${state.run}`);
    expect(text).toContain(`pleach clean --discard ${state.run}`);
  });

  it("offers to remove kept worktrees without throwing anything away where all landed", () => {
    const story = startRun({ units: [unit("a")] })
      .complete("a")
      .finish("complete")
      .land()
      .clean([], ["/state/worktrees/repo/run/slot-1"]);
    const text = statusView(story.state(), over);
    expect(text).toContain(`pleach clean ${runId}  removes the worktrees`);
    expect(text).not.toContain("--discard");
  });

  it("says that doneWhen does not hold, before a landing and after it", () => {
    const story = startRun({ units: [unit("a")], doneWhen: [check("none left")] })
      .complete("a")
      .verify("none left", false)
      .finish("partial");
    const unmet = "though doneWhen does not hold (none left)";
    expect(statusView(story.state(), over)).toContain(`lands what is merged (1 unit), ${unmet}\n`);
    story.happened({ type: "land-asked" }).land();
    expect(statusView(story.state(), over)).toMatch(
      new RegExp(`^Landed on main: .*, ${unmet.replace(/[()]/g, "\\$&")}$`, "m"),
    );
  });

  it("offers to take a landing back", () => {
    const state = startRun({ units: [unit("a")] })
      .complete("a")
      .finish("complete")
      .land()
      .state();
    const text = statusView(state, over);
    expect(text).toMatch(/Landed on main: \w{10} → \w{10}/);
    expect(text).toContain(`pleach undo ${state.run}`);
    expect(text).not.toContain("pleach land");
  });

  it("says whether what was to hold holds", () => {
    const state = startRun({ units: [unit("a")], doneWhen: [check("none left")] })
      .complete("a")
      .verify("none left", false)
      .finish("partial")
      .state();
    expect(statusView(state, over)).toContain("none left: does not hold, exit code 1");
  });

  it("groups what is dull among a thousand units, and shows what failed", () => {
    const units = Array.from({ length: 1000 }, (_, number) => unit(`u${number}`));
    const story = startRun({ units });
    for (let number = 0; number < 50; number++) story.complete(`u${number}`);
    const state = story.start("u50").start("u51").refuse("u51").start("u51").refuse("u51").state();
    const text = statusView(state, look);
    expect(text.split("\n").length).toBeLessThan(30);
    expect(text).toContain("50 units merged: u0, u1, u2, and 47 more");
    expect(text).toContain("948 units queued");
    expect(text).toMatch(/^u50 +running/m);
    expect(text).toMatch(/^u51 +failed/m);
  });

  it("says how much more waits or was kept than it shows, and where to see it", () => {
    const units = Array.from({ length: 12 }, (_, number) => unit(`u${number}`));
    const waiting = startRun({ units });
    for (let number = 0; number < 12; number++) waiting.start(`u${number}`);
    expect(statusView(waiting.state(), look)).toContain(
      `  and 4 more: \`pleach status --json ${waiting.state().run}\` tells of every unit`,
    );
    const kept = Array.from({ length: 11 }, (_, number) => `/worktrees/slot-${number}`);
    const done = landed().happened({ type: "cleaned", removed: [], kept }).state();
    expect(statusView(done, over)).toContain(
      `  and 3 more: \`pleach report ${done.run}\` names all`,
    );
  });

  it.each([10, 24, 40, 60, 80, 200])("keeps its table within %i cells", (width) => {
    const state = startRun({ units: [unit("a-unit-with-a-long-name"), unit("漢字".repeat(4))] })
      .complete("a-unit-with-a-long-name")
      .state();
    const lines = statusView(state, { ...look, width }).split("\n");
    const table = lines.filter((line) => /^(unit|a-unit|漢)/.test(line));
    for (const line of table) expect(displayWidth(line)).toBeLessThanOrEqual(width);
  });

  it("fits into one line when it must be short", () => {
    const state = startRun({ units: [unit("a"), unit("b")] })
      .complete("a")
      .state();
    expect(statusLine(state, true)).toBe(`${state.run} working: 1 merged · 1 queued`);
  });

  it("has colours only where they are wanted", () => {
    const state = startRun({ units: [unit("a")] })
      .complete("a")
      .state();
    expect(statusView(state, look)).not.toContain("\x1b");
    expect(statusView(state, { ...look, paint: makePaint(true) })).toContain(
      "\x1b[32mmerged\x1b[39m",
    );
  });
});
