import { describe, expect, it } from "vitest";
import type { Doors, RunRequest } from "../../src/cli/doors.ts";
import { base, runId, startRun, target, unit } from "../support/run-state.ts";
import { landed, living, reading } from "../support/run-story.ts";
import { type } from "../support/scripted-doors.ts";

describe("pleach plan", () => {
  const { plan } = startRun({ units: [unit("a"), unit("b", { after: ["a"] })] }).state();
  const preview = {
    plan,
    file: { version: 1, goal: plan.goal, units: [] },
    target,
    base,
    units: plan.units.map(({ id }) => ({ id, worker: "command", files: ["src/x.ts" as never] })),
    checks: ["types"],
    warnings: ["nothing checks it"],
  };

  it("shows units, files and waves, as does run --dry-run", async () => {
    const doors: Partial<Doors> = { plan: async () => preview };
    const shown = await type(["plan", "--plan", "p"], doors);
    expect(shown.stdout).toContain("2 units in 2 waves, for main");
    expect(shown.stdout).toMatch(/^b +2 +1 +command +a +The b$/m);
    expect(shown.stderr).toBe("warning: nothing checks it\n");
    expect(await type(["run", "--plan", "p", "--dry-run"], doors)).toEqual(shown);
  });

  it("saves the plan where it was told to", async () => {
    const saved: string[] = [];
    const doors: Partial<Doors> = {
      plan: async () => preview,
      savePlan: async (file) => void saved.push(file),
    };
    await type(["plan", "--plan", "p", "--out", "x/plan.json"], doors);
    expect(saved).toEqual(["/somewhere/x/plan.json"]);
  });
});

describe("pleach resume", () => {
  it("prints the final document of a finished run again, with its exit code", async () => {
    const state = startRun({ units: [unit("a")] })
      .complete("a")
      .finish("complete")
      .refuseLanding("edits", ["x"])
      .state();
    const doors: Partial<Doors> = {
      readRun: async () => reading(landed()),
      resume: async () => ({ state, alreadyFinished: true }),
    };
    const { code, stdout } = await type(["resume", "--json"], doors);
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ landing: { refused: { paths: ["x"] } } });
  });

  it("lets a paused run go on that somebody works on", async () => {
    const paused = startRun({ units: [unit("a")] }).happened({ type: "run-paused" });
    const said: unknown[] = [];
    const doors: Partial<Doors> = {
      readRun: async () => reading(paused, { alive: true }),
      speak: async (_, run, request) => {
        said.push(run, request);
        return { run: runId, heard: "now" };
      },
    };
    expect((await type(["resume"], doors)).code).toBe(0);
    expect(said).toEqual([runId, { type: "continue" }]);
  });
});

describe("pleach status", () => {
  it("shows a run, as text or as a document", async () => {
    const doors: Partial<Doors> = { readRun: async () => reading(landed()) };
    expect((await type(["status"], doors)).stdout).toContain("Journal and logs: /f");
    const { stdout } = await type(["status", "--json"], doors);
    expect(JSON.parse(stdout)).toMatchObject({ version: 1, alive: false, folder: "/f" });
  });

  it("leaves nothing out on a terminal that does not know its width", async () => {
    const doors: Partial<Doors> = { readRun: async () => reading(landed()) };
    const unknown = await type(["status"], doors, { tty: true, columns: 0 });
    expect(unknown).toEqual(await type(["status"], doors, { tty: true, columns: 80 }));
  });

  it("lists all runs, also one that cannot be read", async () => {
    const doors: Partial<Doors> = {
      listRuns: async () => [
        { type: "run", state: landed().state(), alive: false },
        { type: "unreadable", run: "20261120-1431-aaaa", message: "line 3 is no JSON" },
      ],
    };
    const { stdout } = await type(["status", "--all"], doors);
    expect(stdout).toMatch(/complete +1\/1 .*Make it better$/m);
    expect(stdout).toMatch(/20261120-1431-aaaa +unreadable .*line 3 is no JSON$/m);
    const json = JSON.parse((await type(["status", "--all", "--json"], doors)).stdout) as object;
    expect(json).toMatchObject({
      runs: [{ outcome: "complete", merged: 1 }, { error: "line 3 is no JSON" }],
    });
  });
});

describe("pleach report", () => {
  it("is Markdown, or JSON when it is asked for", async () => {
    const doors: Partial<Doors> = { readRun: async () => reading(landed()) };
    expect((await type(["report"], doors)).stdout).toMatch(/^# Run `/);
    for (const line of [
      ["report", "--format", "json"],
      ["report", "--json"],
    ]) {
      expect(JSON.parse((await type(line, doors)).stdout)).toMatchObject({
        units: [{ history: [{}] }],
      });
    }
  });
});

describe("speaking to a run", () => {
  it.each<[string[], unknown[]]>([
    [
      ["approve", "a-1"],
      [undefined, { type: "approve", id: "a-1" }],
    ],
    [
      ["deny", "a-1", "--run", runId],
      [runId, { type: "deny", id: "a-1" }],
    ],
    [["pause"], [undefined, { type: "pause" }]],
    [["cancel"], [undefined, { type: "cancel", unit: undefined }]],
    [
      ["cancel", runId],
      [runId, { type: "cancel", unit: undefined }],
    ],
    [
      ["cancel", "a"],
      [undefined, { type: "cancel", unit: "a" }],
    ],
    [
      ["cancel", `${runId}/a`],
      [runId, { type: "cancel", unit: "a" }],
    ],
  ])("%j asks for what was typed", async (line, asked) => {
    const heard: unknown[] = [];
    const doors: Partial<Doors> = {
      speak: async (_, run, request) => {
        heard.push(run, request);
        return { run: runId, heard: "later" };
      },
    };
    const { code, stdout } = await type(line, doors);
    expect(code).toBe(0);
    expect(heard).toEqual(asked);
    expect(stdout).toContain(`pleach resume ${runId}`);
  });
});

describe("after a run", () => {
  it("land is 0 where it landed and 3 where it was refused", async () => {
    const story = startRun({ units: [unit("a")] })
      .complete("a")
      .finish("complete");
    const refused = story.refuseLanding("edits", ["x"]).state();
    const asked: unknown[] = [];
    const land =
      (state: typeof refused): Doors["land"] =>
      async (_, run) => {
        asked.push(run);
        return state;
      };
    expect((await type(["land", runId], { land: land(refused) })).code).toBe(3);
    expect((await type(["land"], { land: land(landed().state()) })).code).toBe(0);
    expect(asked).toEqual([runId, undefined]);
  });

  it("undo is 0 where the landing was taken back and 3 where it could not be", async () => {
    const story = landed();
    const { landing } = story.state();
    if (landing.phase !== "landed") throw new Error("it landed");
    const { phase: _, ...move } = landing;
    const refusal = { type: "target_moved", message: "main moved on", paths: [] } as const;
    story.happened({ type: "undo-asked" }, { type: "undo-started", ...move });
    story.happened({ type: "undo-refused", refusal });
    const refused = await type(["undo"], { undo: async () => story.state() });
    expect(refused.code).toBe(3);
    expect(refused.stdout).toContain("Not taken back: main moved on");
  });

  it("a second land or undo says that there is nothing to do", async () => {
    const twice = await type(["land"], { land: async () => landed().state() });
    expect(twice.stderr).toBe(`Run ${runId} has already landed: there is nothing to do.\n`);
    const undone = landed().undo();
    const again = await type(["undo"], { undo: async () => undone.state() });
    expect(again.code).toBe(0);
    expect(again.stderr).toBe(`Run ${runId} was already taken back: there is nothing to do.\n`);
    const live = living(undone);
    const undo: Doors["undo"] = (where, _, eyes) => live({ ...where } as RunRequest, eyes);
    const first = await type(["undo"], { undo });
    expect(first.code).toBe(0);
    expect(first.stderr).not.toContain("already");
  });

  it("clean says what was removed and what was kept", async () => {
    const doors: Partial<Doors> = {
      clean: async () => [{ run: runId, removed: ["a", "b"], kept: ["refs/pleach/x"] }],
    };
    const { code, stdout } = await type(["clean"], doors);
    expect(code).toBe(0);
    expect(stdout).toContain("2 removed, 1 kept\n  kept refs/pleach/x\n");
    expect(stdout).toContain("pleach clean --discard");
  });

  it("doctor is 7 only where something is wrong", async () => {
    const doctor =
      (state: "warning" | "wrong"): Doors["doctor"] =>
      async () => [{ name: "git", state, message: "too old", advice: "install git 2.38" }];
    expect((await type(["doctor"], { doctor: doctor("warning") })).code).toBe(0);
    const wrong = await type(["doctor"], { doctor: doctor("wrong") });
    expect(wrong.code).toBe(7);
    expect(wrong.stdout).toContain("wrong    git: too old\n         next: install git 2.38");
  });

  it("trust names what may now run", async () => {
    const trust: Doors["trust"] = async () => ({ commands: ["npm test"], already: false });
    expect((await type(["trust"], { trust })).stdout).toBe("Trusted.\nIt runs:\n  - npm test\n");
  });
});
