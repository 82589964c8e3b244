import { describe, expect, it } from "vitest";
import type { RunOutcome } from "../../src/core/event.ts";
import { exitCodeOf, finalDocument } from "../../src/view/document.ts";
import { base, check, runId, settings, sha, startRun, unit } from "../support/run-state.ts";

it("tells dollars without the noise of their sums", () => {
  const who = { unit: "a" as never, attempt: 1, agent: "coder" };
  const spend = { inputTokens: 1, cachedTokens: 0, outputTokens: 0, usd: 0.1 };
  const story = startRun({ units: [unit("a")] }).start("a");
  story.happened({ type: "agent-started", ...who, role: "coder", kind: "spawn", queued: false });
  for (const turns of [1, 2, 3]) {
    story.happened({ type: "agent-spent", ...who, turns, spend, estimated: false, said: "" });
  }
  const { spend: whole, units } = finalDocument(story.state());
  const [told] = units;
  expect([whole.usd, told?.spend.usd, told?.agents[0]?.spend.usd]).toEqual([0.3, 0.3, 0.3]);
});

describe("the final document", () => {
  it("is exactly that of the contract for a run that landed", () => {
    const state = startRun({ units: [unit("a")], doneWhen: [check("none left")] })
      .complete("a")
      .verify("none left", true)
      .finish("complete")
      .land()
      .state();
    expect(finalDocument(state)).toEqual({
      version: 1,
      run: runId,
      outcome: "complete",
      goal: "Make it better",
      target: "main",
      base,
      integration: state.integration,
      landed: state.integration,
      units: [
        {
          id: "a",
          status: "merged",
          attempts: 1,
          commit: state.integration,
          branch: `pleach/${runId}/a`,
          changed: ["src/a/a.ts"],
          summary: "did it",
          artifacts: [],
          reason: null,
          spend: { inputTokens: 0, cachedTokens: 0, outputTokens: 0, usd: 0 },
          estimated: false,
          seconds: 1,
          agents: [],
        },
      ],
      spend: { inputTokens: 0, cachedTokens: 0, outputTokens: 0, usd: 0 },
      summary: "## a\n\ndid it",
      approvals: [],
      doneWhen: [{ name: "none left", passed: true }],
      landing: { asked: "auto", refused: null },
      checks: { run: 1, reused: 0, seconds: 2 },
      seconds: 10,
      estimate: null,
    });
  });

  it("says why a unit did not land, with its paths and its log", () => {
    const state = startRun({ units: [unit("a")], settings: { limits: limitsOf(1) } })
      .start("a")
      .refuse("a", {
        type: "strayed",
        message: "it strayed",
        paths: ["b.ts" as never],
        log: "units/a/1/log",
      })
      .finish("failed")
      .state();
    const [only] = finalDocument(state).units;
    expect(only?.status).toBe("failed");
    expect(only?.reason).toEqual({
      type: "strayed",
      message: "it strayed",
      paths: ["b.ts"],
      log: "units/a/1/log",
    });
  });

  it("is interrupted until the run is finished and its landing decided", () => {
    const working = startRun({ units: [unit("a")] }).complete("a");
    expect(finalDocument(working.state()).outcome).toBe("interrupted");
    const landing = working.finish("complete");
    expect(finalDocument(landing.state()).outcome).toBe("interrupted");
    expect(finalDocument(landing.land().state()).outcome).toBe("complete");
  });

  it("does not call a run complete whose done-when does not hold or did not run", () => {
    const story = () => startRun({ units: [unit("a")], doneWhen: [check("x")] }).complete("a");
    const red = story().verify("x", false).finish("partial").state();
    expect(finalDocument(red).doneWhen).toEqual([
      { name: "x", passed: false, message: "exit code 1" },
    ]);
    const claimed = story().finish("complete").land().state();
    expect(finalDocument(claimed)).toMatchObject({
      outcome: "partial",
      doneWhen: [{ name: "x", passed: false, message: "did not run" }],
    });
  });

  it("carries the error that ended the run", () => {
    const error = { code: "disk_full", message: "no space", advice: "free some", details: {} };
    const state = startRun({ units: [unit("a")] }).state();
    expect(finalDocument(state, { error })).toMatchObject({ outcome: "interrupted", error });
    expect(finalDocument(state)).not.toHaveProperty("error");
  });

  it("says what a landing was refused for", () => {
    const state = startRun({ units: [unit("a")] })
      .complete("a")
      .finish("complete")
      .refuseLanding("local edits are in the way", ["src/a.ts"])
      .state();
    expect(finalDocument(state)).toMatchObject({
      outcome: "complete",
      landed: null,
      landing: {
        asked: "auto",
        refused: {
          type: "local_edits",
          message: "local edits are in the way",
          paths: ["src/a.ts"],
        },
      },
    });
    expect(exitCodeOf(state)).toBe(3);
  });

  it("forgets the landing once it was undone", () => {
    const landed = startRun({ units: [unit("a")] })
      .complete("a")
      .finish("complete")
      .land();
    const { landing } = landed.state();
    if (landing.phase !== "landed") throw new Error("it landed");
    const { phase: _, ...move } = landing;
    const undone = landed.happened(
      { type: "undo-asked" },
      { type: "undo-started", ...move },
      { type: "undone", ...move },
    );
    expect(finalDocument(undone.state()).landed).toBe(null);
    expect(exitCodeOf(undone.state())).toBe(0);
  });
});

describe("the status of a unit", () => {
  it("tells a unit that waits for others from one that waits for a slot", () => {
    const state = startRun({ units: [unit("a"), unit("b", { after: ["a"] })] }).state();
    expect(finalDocument(state).units.map(({ status }) => status)).toEqual(["queued", "pending"]);
  });

  it("is queued again after a refusal that leaves another try", () => {
    const state = startRun({ units: [unit("a")] })
      .start("a")
      .refuse("a")
      .state();
    const [only] = finalDocument(state).units;
    expect(only).toMatchObject({ status: "queued", attempts: 1, reason: { type: "no_change" } });
  });

  it("is merged without a commit for a unit that owns nothing", () => {
    const outcome = {
      type: "completed",
      head: base,
      changed: [],
      summary: "read",
      artifacts: [],
    } as const;
    const state = startRun({ units: [unit("a", { owns: [] })] })
      .start("a")
      .happened({ type: "unit-finished", unit: "a" as never, attempt: 1, outcome, leavings: {} })
      .state();
    expect(finalDocument(state).units[0]).toMatchObject({ status: "merged", commit: null });
  });
});

describe("the exit code of a run", () => {
  it.each<[RunOutcome, number]>([
    ["partial", 1],
    ["failed", 1],
    ["over_budget", 5],
    ["provider_unavailable", 6],
    ["awaiting_approval", 4],
    ["cancelled", 130],
  ])("that ended %s is %i", (outcome, code) => {
    const story = startRun({ units: [unit("a"), unit("b")] }).complete("a");
    expect(exitCodeOf(story.finish(outcome).state())).toBe(code);
  });

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("interrupted by %s is %i", (signal, code) => {
    const state = startRun({ units: [unit("a")] })
      .happened({ type: "run-interrupted", why: "a signal", signal })
      .state();
    expect(exitCodeOf(state)).toBe(code);
  });

  it("is 4 where a person denied all that was to be done, 1 where anything else failed too", () => {
    const units = [unit("a", { approval: "required" }), unit("b", { after: ["a"] })];
    const denied = (more: typeof units) =>
      startRun({ units: [...units, ...more] }).happened(
        { type: "approval-asked", id: "a-1", unit: "a" as never },
        { type: "approval-answered", id: "a-1", answer: "denied" },
      );
    expect(exitCodeOf(denied([]).finish("failed").state())).toBe(4);
    const refused = denied([unit("c")]);
    for (let tries = 0; tries < settings.limits.attempts; tries += 1)
      refused.start("c").refuse("c");
    expect(exitCodeOf(refused.finish("failed").state())).toBe(1);
  });

  it("is 4 where it stopped because nobody was there to approve", () => {
    const state = startRun({ units: [unit("a", { approval: "required" })] })
      .happened(
        { type: "approval-asked", id: "a-1", unit: "a" as never },
        { type: "run-interrupted", why: "it waits for an approval" },
      )
      .state();
    expect(finalDocument(state).outcome).toBe("awaiting_approval");
    expect(exitCodeOf(state)).toBe(4);
  });

  it("is 0 for a complete run that was told not to land", () => {
    const state = startRun({ units: [unit("a")], settings: { land: "never" } })
      .complete("a")
      .finish("complete")
      .state();
    expect(finalDocument(state)).toMatchObject({ outcome: "complete", landed: null });
    expect(exitCodeOf(state)).toBe(0);
  });

  it("is 0 where there was nothing to land", () => {
    const outcome = {
      type: "completed",
      head: base,
      changed: [],
      summary: "read",
      artifacts: [],
    } as const;
    const state = startRun({ units: [unit("a", { owns: [] })] })
      .start("a")
      .happened({ type: "unit-finished", unit: "a" as never, attempt: 1, outcome, leavings: {} })
      .finish("complete")
      .happened({ type: "landed", target: "refs/heads/main" as never, old: sha(1), new: sha(1) })
      .state();
    expect(exitCodeOf(state)).toBe(0);
  });
});

function limitsOf(attempts: number) {
  return { ...startRun({ units: [] }).state().settings.limits, attempts };
}
