import { describe, expect, it } from "vitest";
import { decide } from "../../src/core/decide.ts";
import type { Leavings, RunEvent } from "../../src/core/event.ts";
import type { UnitId } from "../../src/core/id.ts";
import { foldRun, reduce } from "../../src/core/reduce.ts";
import { base, settings, sha, startRun, unit } from "../support/run-state.ts";

const a = "a" as UnitId;
const oneTry = { ...settings.limits, attempts: 1 };

describe("what a killed runner's agents had spent", () => {
  it("is the agents' as well as the unit's, an estimate, and goes along to the next attempt", () => {
    const spend = { inputTokens: 70, cachedTokens: 0, outputTokens: 30, usd: 0.01 };
    const agent = { unit: a, attempt: 1, agent: "coder" };
    const workers = { model: { type: "model" } } as never;
    const story = startRun({ units: [unit("a")], settings: { worker: "model", workers } })
      .start("a")
      .happened(
        { ...agent, type: "agent-started", role: "coder", kind: "spawn", queued: false },
        { ...agent, type: "agent-spent", turns: 1, spend, estimated: false, said: "" },
        {
          ...{ type: "unit-interrupted", unit: a, attempt: 1, leavings: { begun: true }, spend },
          spent: [{ agent: "coder", attempt: 1, spend }],
        },
        { type: "unit-started", unit: a, attempt: 2, base, slot: 1, continues: 1 },
      );
    const [state] = story.state().units;
    expect(state?.spend.inputTokens).toBe(140);
    expect(state?.agents).toMatchObject([{ attempt: 2, spend: state?.spend, estimated: true }]);
  });
});

describe("a fact that cannot follow is refused", () => {
  const subject = { type: "unit", unit: a, attempt: 1 } as const;
  const wrong: readonly [string, RunEvent][] = [
    ["an attempt out of order", { type: "unit-started", unit: a, attempt: 2, base, slot: 1 }],
    [
      "an end without a beginning",
      { type: "unit-finished", unit: a, attempt: 1, outcome: { type: "stopped" }, leavings: {} },
    ],
    ["a unit that is not in the plan", { type: "unit-cancelled", unit: "x" as UnitId }],
    [
      "a merge of what was not handed in",
      { type: "merge-started", subject, onto: base, head: base },
    ],
    ["a candidate of no merge", { type: "candidate-made", subject, commit: base, tree: base }],
    [
      "a landing that nobody asked for",
      { type: "land-started", target: "refs/heads/main" as never, old: base, new: base },
    ],
    ["an undo of what never landed", { type: "undo-asked" }],
    [
      "an answer that nobody waits for",
      { type: "approval-answered", id: "a-1", answer: "approved" },
    ],
    ["a check on an unknown commit", { type: "check-started", commit: sha(7), name: "types" }],
    ["an event of no kind", { type: "party" } as never],
  ];
  it.each(wrong)("%s", (_, event) => {
    const story = startRun({ units: [unit("a")] });
    expect(() => story.happened(event).state()).toThrow();
  });

  it("a merge whose commit is not the candidate that was verified", () => {
    const story = startRun({ units: [unit("a")] })
      .start("a")
      .accept("a");
    const { at } = story.state().units[0] ?? {};
    if (at?.phase !== "completed") throw new Error("a is completed");
    story.happened(
      { type: "merge-started", subject, onto: base, head: at.head },
      { type: "candidate-made", subject, commit: sha(1), tree: sha(2) },
    );
    const outcome = { type: "merged", commit: sha(3) } as const;
    expect(() => story.happened({ type: "merge-finished", subject, outcome }).state()).toThrow(
      "what is merged is the candidate",
    );
  });

  it("a gap in the numbers, or a second beginning", () => {
    const lines = startRun({ units: [unit("a")] })
      .start("a")
      .lines();
    expect(() =>
      foldRun(lines.map((line) => (line.seq === 1 ? { ...line, seq: 2 } : line))),
    ).toThrow();
    expect(() => foldRun([...lines, ...lines])).toThrow();
  });
});

describe("what an attempt leaves", () => {
  it("is remembered for every attempt, with the reason for the next", () => {
    const story = startRun({ units: [unit("a")] })
      .start("a")
      .refuse("a", { message: "nothing" });
    const [state] = story.start("a").accept("a").state().units;
    expect(state).toMatchObject({
      attempts: 2,
      refusals: 1,
      previous: { message: "nothing" },
      leavings: [{ attempt: 1 }, { attempt: 2 }],
    });
  });

  it("an attempt that was cut off does not count as refused", () => {
    const state = startRun({ units: [unit("a")] })
      .start("a")
      .happened(
        { type: "run-resumed", runner: { pid: 2, startTime: "2", boot: "b" } },
        { type: "unit-interrupted", unit: a, attempt: 1, leavings: { snapshot: sha(9) } },
      )
      .state();
    expect(state.units[0]).toMatchObject({
      at: { phase: "waiting" },
      attempts: 1,
      refusals: 0,
      interruptions: 1,
      leavings: [{ attempt: 1, snapshot: sha(9), left: [] }],
    });
  });

  it("an attempt that was being stopped for its time when it was cut off has had its try", () => {
    const story = startRun({ units: [unit("a")], settings: { limits: oneTry } })
      .start("a")
      .happened(
        { type: "unit-stopping", unit: a, attempt: 1, why: "timed_out" },
        { type: "run-resumed", runner: { pid: 2, startTime: "2", boot: "b" } },
      );
    const [recover] = decide(story.state(), { now: 0, answerable: false });
    expect(recover).toMatchObject({ type: "recover-work", attempt: 1, stopping: "timed_out" });
    const leavings = { snapshot: sha(9) };
    const cut = { type: "unit-interrupted", unit: a, attempt: 1, leavings } as const;
    expect(story.happened({ ...cut, stopping: "timed_out" }).state().units[0]).toMatchObject({
      at: {
        phase: "timed_out",
        reason: { type: "timed_out", message: expect.stringContaining("15m") },
      },
      refusals: 1,
      interruptions: 0,
      leavings: [{ attempt: 1, snapshot: sha(9), left: [] }],
    });
  });

  it.each(["interrupted", undefined] as const)(
    "one that was stopped for %s goes on",
    (stopping) => {
      const why = stopping === undefined ? {} : { stopping };
      const cut = { type: "unit-interrupted", unit: a, attempt: 1, leavings: {}, ...why } as const;
      const state = startRun({ units: [unit("a")], settings: { limits: oneTry } })
        .start("a")
        .happened(cut)
        .state();
      expect(state.units[0]).toMatchObject({ at: { phase: "waiting" }, refusals: 0 });
    },
  );

  it("agents go on where they were cut off last, whether they had changed anything there or not", () => {
    const workers = { model: { type: "model" } } as never;
    const story = startRun({ units: [unit("a")], settings: { worker: "model", workers } }).start(
      "a",
    );
    const cut = (attempt: number, leavings: Leavings) =>
      story.happened({ type: "unit-interrupted", unit: a, attempt, leavings }).state().units[0]
        ?.cut;
    const goOn = (attempt: number, continues: number) =>
      story.happened({ type: "unit-started", unit: a, attempt, base, slot: 1, continues });
    const first = { attempt: 1, base, snapshot: sha(9) };
    const who = { unit: a, attempt: 1, agent: "coder" } as const;
    const began = { ...who, role: "coder", kind: "spawn", queued: false } as const;
    story.happened({ type: "agent-started", ...began });
    expect(cut(1, { begun: true, snapshot: sha(9) })).toEqual(first);
    goOn(2, 1);
    // It was cut off before its worktree was ready.
    expect(cut(2, {})).toEqual(first);
    goOn(3, 1);
    expect(story.state().units[0]?.agents).toMatchObject([{ agent: "coder", attempt: 3 }]);
    expect(cut(3, { begun: true })).toEqual({ attempt: 3, base });
  });

  it("the end of an agent that is told after a restart is its end", () => {
    const story = startRun({ units: [unit("a")] }).start("a");
    const who = { unit: a, attempt: 1, agent: "coder" } as const;
    story.happened({ ...who, type: "agent-started", role: "coder", kind: "spawn", queued: false });
    const leavings = { begun: true } as const;
    story.happened({ type: "unit-interrupted", unit: a, attempt: 1, leavings });
    expect(story.state().units[0]?.agents[0]).toMatchObject({ isCutOff: true });
    story.happened({ ...who, type: "agent-finished", status: "completed", message: "" });
    expect(story.state().units[0]?.agents[0]).toMatchObject({ status: "completed" });
    expect(story.state().units[0]?.agents[0]).not.toHaveProperty("isCutOff");
  });

  it("what lies between the end of an agent and its next beginning is none of its time", () => {
    const story = startRun({ units: [unit("a")] }).start("a");
    const who = { unit: a, attempt: 1, agent: "coder" } as const;
    const begins = { ...who, type: "agent-started", role: "coder", kind: "spawn" } as const;
    const agent = () => story.state().units[0]?.agents[0];
    const ms = () => (agent()?.endedAt ?? story.state().updatedAt) - (agent()?.startedAt ?? 0);
    story.happened({ ...begins, queued: true }, { ...begins, queued: false });
    story.happened({ ...who, type: "agent-finished", status: "completed", message: "" });
    const first = ms();
    expect(first).toBeGreaterThan(0);
    story.happened({ type: "run-paused" }, { type: "run-continued" }, { ...begins, queued: false });
    expect(ms()).toBe(first);
  });

  it("a unit cut off again and again is given up", () => {
    const story = startRun({ units: [unit("a")] });
    for (let attempt = 1; attempt <= 20; attempt++) {
      story.start("a").happened({ type: "unit-interrupted", unit: a, attempt, leavings: {} });
    }
    expect(story.state().units[0]?.at).toMatchObject({
      phase: "failed",
      reason: { type: "worker_failed" },
    });
  });
});

it("what is done after the end is no time of the run's", () => {
  const story = startRun({ units: [unit("a")] })
    .complete("a")
    .finish("complete")
    .land()
    .happened({ type: "cleaned", removed: [], kept: [] });
  const { activeMs } = story.state();
  expect(activeMs).toBeGreaterThan(0);
  const runner = { pid: 2, startTime: "2", boot: "boot" };
  story.happened({ type: "run-resumed", runner }, { type: "undo-asked" });
  expect(story.state().activeMs).toBe(activeMs);
});

describe("an attempt", () => {
  it("that cannot end otherwise is not tried again", () => {
    const state = startRun({ units: [unit("a"), unit("b")] })
      .start("a")
      .refuse("a", { type: "worker_failed", message: "set-up changed a file", final: true })
      .start("b")
      .refuse("b", { type: "worker_failed", message: "exited with 1" })
      .state();
    expect(state.units.map(({ at }) => at.phase)).toEqual(["failed", "waiting"]);
  });

  it("that took too long says how long it had, which key gives it more, and what it had changed", () => {
    const outcome = { type: "stopped", changed: ["src/a/x.ts" as never] } as const;
    const state = startRun({ units: [unit("a")] })
      .start("a")
      .happened({ type: "unit-stopping", unit: a, attempt: 1, why: "timed_out" })
      .happened({ type: "unit-finished", unit: a, attempt: 1, outcome, leavings: {} })
      .state();
    expect(state.units[0]?.previous?.message).toBe(
      "the attempt took longer than 15m (limits.unitTimeout, --timeout)",
    );
    expect(state.units[0]?.changed).toEqual(["src/a/x.ts"]);
  });
});

it("cancelling a paused run ends what waits at once", () => {
  const state = startRun({ units: [unit("a"), unit("b")] })
    .start("a")
    .happened({ type: "run-paused" }, { type: "run-cancelled", why: "asked" })
    .state();
  expect(state.at.phase).toBe("working");
  expect(state.units.map(({ at }) => at.phase)).toEqual(["running", "cancelled"]);
});

it("a fold never changes the state that it was given", () => {
  const lines = startRun({ units: [unit("a")] })
    .start("a")
    .accept("a")
    .lines();
  const state = foldRun(lines.slice(0, 2));
  const copy = structuredClone(state);
  const next = lines[2];
  if (state === undefined || next === undefined) throw new Error("there are three lines");
  reduce(state, next);
  expect(state).toEqual(copy);
});
