import { describe, expect, it } from "vitest";
import type { Action } from "../../src/core/action.ts";
import { decide, isSettled, nextDeadline } from "../../src/core/decide.ts";
import type { RunEvent } from "../../src/core/event.ts";
import type { UnitId } from "../../src/core/id.ts";
import type { RunState } from "../../src/core/run.ts";
import { base, check, settings, startedAt, startRun, unit } from "../support/run-state.ts";

const answers = (state: RunState, now = state.updatedAt) =>
  decide(state, { now, answerable: false });

function facts(actions: readonly Action[]) {
  return actions.flatMap((action) => (action.type === "record" ? [action.event] : []));
}

function started(state: RunState): readonly string[] {
  return facts(answers(state)).flatMap((fact) =>
    fact.type === "unit-started" ? [`${fact.unit} in slot ${fact.slot}`] : [],
  );
}

describe("starting units", () => {
  it("begins with the longest chain of units that wait behind each other", () => {
    const units = [
      unit("alone"),
      unit("c", { after: ["b"] }),
      unit("b", { after: ["a"] }),
      unit("a"),
      unit("short"),
      unit("later", { after: ["short"] }),
    ];
    const limits = { ...settings.limits, concurrency: 2 };
    expect(started(startRun({ units, settings: { limits } }).state())).toEqual([
      "a in slot 1",
      "short in slot 2",
    ]);
  });

  it("starts a unit as soon as those it comes after are merged, and never waits for a wave", () => {
    const units = [unit("a"), unit("slow"), unit("b", { after: ["a"] })];
    const state = startRun({ units }).start("slow").complete("a").state();
    expect(started(state)).toEqual(["b in slot 2"]);
  });

  it("does not start a unit whose predecessor is only completed", () => {
    const units = [unit("a"), unit("b", { after: ["a"] })];
    const state = startRun({ units }).start("a").accept("a").state();
    expect(started(state)).toEqual([]);
  });

  it("never uses more slots than may be, and gives the lowest that is free", () => {
    const limits = { ...settings.limits, concurrency: 2 };
    const units = [unit("a"), unit("b"), unit("c")];
    const story = startRun({ units, settings: { limits } }).start("a").start("b");
    expect(started(story.state())).toEqual([]);
    expect(started(story.refuse("a").state())).toEqual(["a in slot 1"]);
  });

  it("gives each unit a slot of its own where the worktrees are kept", () => {
    const units = [unit("a"), unit("b")];
    expect(started(startRun({ units, settings: { keep: true } }).state())).toEqual([
      "a in slot 1",
      "b in slot 2",
    ]);
  });
});

describe("the merge queue", () => {
  it("takes the first ready unit in plan order and nothing beside it", () => {
    const state = startRun({ units: [unit("a"), unit("b")] })
      .start("a")
      .start("b")
      .accept("b")
      .accept("a")
      .state();
    const merges = facts(answers(state)).filter(({ type }) => type === "merge-started");
    expect(merges).toEqual([
      {
        type: "merge-started",
        subject: { type: "unit", unit: "a", attempt: 1 },
        onto: base,
        head: state.units[0]?.at.phase === "completed" ? state.units[0].at.head : undefined,
      },
    ]);
  });

  it("advances only after every check has passed on the candidate", () => {
    const checks = [check("types"), check("tests")];
    const story = startRun({ units: [unit("a")], settings: { checks } })
      .start("a")
      .accept("a");
    const asked: string[] = [];
    while (asked.at(-1) !== "advance" && asked.length < 12) {
      const [action] = answers(story.state());
      if (action === undefined) break;
      if (action.type !== "record") asked.push(named(action));
      const fact = outcomeOf(action);
      if (fact !== undefined) story.happened(fact);
    }
    expect(asked).toEqual(["merge", "check types", "check tests", "advance"]);
  });
});

function named(action: Exclude<Action, { type: "record" }>): string {
  return action.type === "check" ? `check ${action.check.name}` : action.type;
}

/** What becomes of an action where all goes well. */
function outcomeOf(action: Action): RunEvent | undefined {
  switch (action.type) {
    case "record":
      return action.event;
    case "merge": {
      const { subject, onto } = action;
      return { type: "candidate-made", subject, commit: onto, tree: onto };
    }
    case "check": {
      const result = { name: action.check.name, passed: true, seconds: 1 };
      return { type: "check-finished", commit: action.commit, result };
    }
    default:
      return undefined;
  }
}

describe("deadlines", () => {
  const runner = { pid: 2, startTime: "2", boot: "boot" };

  it("an attempt that takes too long is stopped, and the loop wakes for it", () => {
    const state = startRun({ units: [unit("a")] })
      .start("a")
      .state();
    const due = state.updatedAt + settings.limits.unitTimeoutMs;
    expect(nextDeadline(state)).toBe(due);
    expect(answers(state, due - 1)).toEqual([
      { type: "work", unit: "a", attempt: 1, base, slot: 1, others: [] },
    ]);
    expect(answers(state, due)).toEqual([
      {
        type: "record",
        event: { type: "unit-stopping", unit: "a", attempt: 1, why: "timed_out" },
      },
    ]);
  });

  it("what was lost is recovered before any deadline counts, and the loop wakes for none", () => {
    const killed = startRun({ units: [unit("a")] })
      .start("a")
      .happened({ type: "run-resumed", runner })
      .state();
    const late = killed.updatedAt + settings.limits.unitTimeoutMs;
    expect(answers(killed, late)).toMatchObject([{ type: "recover-work", unit: "a" }]);
    expect(nextDeadline(killed)).toBeUndefined();
  });

  it("a run that takes too long ends what is not merged", () => {
    const state = startRun({ units: [unit("a")] }).state();
    const late = startedAt + settings.limits.runTimeoutMs;
    expect(facts(answers(state, late))).toEqual([{ type: "run-timed-out" }]);
  });

  it("the time between a kill and a resume does not count", () => {
    const story = startRun({ units: [unit("a"), unit("b")] });
    const before = story.state();
    const hours = { ...before, updatedAt: before.updatedAt + 10 * 3_600_000 };
    const resumed = story.happened({ type: "run-resumed", runner }).state();
    expect(facts(answers({ ...resumed, updatedAt: hours.updatedAt }))).not.toContainEqual({
      type: "run-timed-out",
    });
  });
});

describe("winding down", () => {
  it("an interrupted run stops its workers and starts nothing", () => {
    const state = startRun({ units: [unit("a"), unit("b", { after: ["a"] })] })
      .start("a")
      .happened({ type: "run-interrupted", why: "SIGINT", signal: "SIGINT" })
      .state();
    expect(answers(state)).toEqual([
      {
        type: "record",
        event: { type: "unit-stopping", unit: "a", attempt: 1, why: "interrupted" },
      },
    ]);
    expect(isSettled(state)).toBe(false);
  });

  it("a run that waits for an approval with nobody to answer ends resumable", () => {
    const story = startRun({ units: [unit("a")], settings: { approval: "required" } });
    for (const fact of facts(answers(story.state()))) story.happened(fact);
    const state = story.state();
    expect(decide(state, { now: state.updatedAt, answerable: true })).toEqual([]);
    expect(facts(answers(state))).toEqual([
      { type: "run-interrupted", why: "it waits for an approval" },
    ]);
  });
});

describe("a killed runner's attempts", () => {
  it("are secured before anything else happens", () => {
    const runner = { pid: 2, startTime: "2", boot: "boot" };
    const state = startRun({ units: [unit("a"), unit("b")] })
      .start("a")
      .happened({ type: "run-resumed", runner })
      .state();
    expect(answers(state)).toEqual([
      { type: "recover-work", unit: "a", attempt: 1, base, slot: 1, others: [] },
    ]);
  });
});

describe("units that fail", () => {
  it("take those that come after them along, however far", () => {
    const units = [unit("a"), unit("b", { after: ["a"] }), unit("c", { after: ["b"] }), unit("d")];
    const limits = { ...settings.limits, attempts: 1 };
    const state = startRun({ units, settings: { limits } }).start("a").refuse("a").state();
    const ends = state.units.map(({ id, at }): [UnitId, string] => [
      id,
      "reason" in at ? at.reason.type : at.phase,
    ]);
    expect(ends).toEqual([
      ["a", "no_change"],
      ["b", "dependency_failed"],
      ["c", "dependency_failed"],
      ["d", "waiting"],
    ]);
  });

  it("a codemod that changed nothing is not run again on the same files", () => {
    const worker = {
      type: "codemod",
      codemod: { type: "rule", file: "/r.yml", text: "" },
    } as const;
    const state = startRun({ units: [unit("a")], settings: { workers: { command: worker } } })
      .start("a")
      .refuse("a")
      .state();
    expect(state.units[0]?.at.phase).toBe("failed");
  });
});
