import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { Doors } from "../../src/cli/doors.ts";
import { check, runId, startRun, unit } from "../support/run-state.ts";
import { reading } from "../support/run-story.ts";
import { type } from "../support/scripted-doors.ts";

describe("pleach status --follow", () => {
  const folders: string[] = [];
  afterEach(() => Promise.all(folders.splice(0).map((one) => rm(one, { recursive: true }))));

  it("tells every event once, until nobody works on the run", async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), "pleach-follow-"));
    folders.push(folder);
    await writeFile(path.join(folder, "journal.jsonl"), "");
    const story = startRun({ units: [unit("a")] }).start("a");
    let asked = 0;
    const doors: Partial<Doors> = {
      readRun: async () => {
        if (asked++ > 0) story.accept("a").merge("a").finish("complete").land();
        return reading(story, { folder, alive: asked < 2, lines: [...story.lines()] });
      },
    };
    const { code, stdout } = await type(["status", "--follow"], doors);
    expect(code).toBe(0);
    expect(stdout.match(/attempt 1 started/g)).toHaveLength(1);
    expect(stdout).toContain("complete: 1 merged");
  });

  it("redraws in place on a terminal, each time in one piece, and leaves the end standing", async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), "pleach-follow-"));
    folders.push(folder);
    await writeFile(path.join(folder, "journal.jsonl"), "");
    const story = startRun({ units: [unit("a")] }).start("a");
    let asked = 0;
    const doors: Partial<Doors> = {
      readRun: async () => {
        if (asked++ > 0) story.accept("a").merge("a").finish("complete").land();
        return reading(story, { folder, alive: asked < 2 });
      },
    };
    const { stdout } = await type(["status", "--follow"], doors, { tty: true });
    const first = stdout.slice(0, stdout.indexOf("\x1b[?7h"));
    const linesDrawn = first.split("\n").length - 1;
    expect(stdout).toContain(`\x1b[?7h\x1b[J\x1b[${linesDrawn}A\r\x1b[?7l`);
    expect(stdout.endsWith("\x1b[?7h\x1b[J")).toBe(true);
    expect(stdout).toContain("Landed on main");
  });

  it("prints one document at the end with --json", async () => {
    const story = startRun({ units: [unit("a")] })
      .complete("a")
      .finish("complete")
      .land();
    const doors: Partial<Doors> = { readRun: async () => reading(story) };
    const { stdout } = await type(["status", "--follow", "--json"], doors);
    expect(JSON.parse(stdout)).toMatchObject({ version: 1, outcome: "complete" });
  });
});

describe("pleach logs", () => {
  const folders: string[] = [];
  afterEach(() => Promise.all(folders.splice(0).map((one) => rm(one, { recursive: true }))));

  async function runFolder(): Promise<string> {
    const folder = await mkdtemp(path.join(os.tmpdir(), "pleach-logs-"));
    folders.push(folder);
    const attempt = path.join(folder, "units/a/1");
    await mkdir(attempt, { recursive: true });
    await writeFile(path.join(attempt, "output.log"), `${"x".repeat(300_000)}the end\x1b[2J`);
    await writeFile(path.join(attempt, "TASK.md"), "# Do a\r\n");
    await symlink("/etc/passwd", path.join(attempt, "planted"));
    await writeFile(path.join(attempt, "place.json"), "{}");
    await writeFile(path.join(attempt, "check-1.log"), "");
    await writeFile(path.join(folder, "types.log"), "x.ts is wrong");
    return folder;
  }

  const story = startRun({ units: [unit("a", { checks: [check("lint")] })] })
    .start("a")
    .refuse("a", { type: "check_failed", message: "types is red", log: "types.log" });

  it("shows task, output and checks of an attempt, never what a planted link points to", async () => {
    const folder = await runFolder();
    const doors: Partial<Doors> = { readRun: async () => reading(story, { folder }) };
    const { code, stdout } = await type(["logs", `${runId}/a`], doors);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^a, attempt 1 \(began .*\): refused, check failed: types is red$/m);
    const titles = [...stdout.matchAll(/^── (.*) ──$/gm)].map(([, title]) => title);
    expect(titles).toEqual([
      "units/a/1/output.log",
      "types.log",
      "check lint (units/a/1/check-1.log)",
      "units/a/1/TASK.md",
    ]);
    expect(stdout).toContain("the end\\x1b[2J");
    expect(stdout).toContain("bytes are only in the file");
    expect(stdout).not.toContain("root:");
  });

  it("says of a red check that printed nothing why it is red, and shows internals with -v", async () => {
    const folder = await runFolder();
    const red = startRun({ units: [unit("a", { checks: [check("lint")] })] })
      .start("a")
      .refuse("a", {
        type: "check_failed",
        message: "lint: exited with 1",
        log: "units/a/1/check-1.log",
      });
    const doors: Partial<Doors> = { readRun: async () => reading(red, { folder }) };
    const { stdout } = await type(["logs", "a"], doors);
    expect(stdout).toContain(
      "── check lint (units/a/1/check-1.log) ──\n(empty: lint: exited with 1)\n",
    );
    expect(stdout).not.toContain("place.json");
    expect((await type(["logs", "a", "-v"], doors)).stdout).toContain("place.json");
  });

  it("tells of agents in the order in which they began, and of what tools printed but once", async () => {
    const folder = await runFolder();
    const piped = startRun({ units: [unit("a")] }).start("a");
    const agents = ["researcher", "coder", "coder.2", "coder.10", "reviewer", "auditor"];
    for (const agent of agents) {
      const started = { type: "agent-started", unit: "a" as never, attempt: 1, agent } as const;
      piped.happened({ ...started, role: "r", kind: "spawn", queued: false });
    }
    const left = [...[...agents].sort().map((one) => `agents/${one}.jsonl`), "outputs/shell-1.log"];
    for (const file of left) {
      await mkdir(path.dirname(path.join(folder, "units/a/1", file)), { recursive: true });
      await writeFile(path.join(folder, "units/a/1", file), "");
    }
    const doors: Partial<Doors> = { readRun: async () => reading(piped, { folder }) };
    const shown = (await type(["logs", "a"], doors)).stdout;
    expect([...shown.matchAll(/agents\/(\S+)\.jsonl/g)].map(([, agent]) => agent)).toEqual(agents);
    expect(shown).not.toContain("outputs/");
    expect((await type(["logs", "a", "-v"], doors)).stdout).toContain("outputs/shell-1.log");
    // What no transcript tells of is shown.
    await rm(path.join(folder, "units/a/1/agents"), { recursive: true });
    expect((await type(["logs", "a"], doors)).stdout).toContain("outputs/shell-1.log");
  });

  it("says at its top why an attempt was stopped", async () => {
    const folder = await runFolder();
    const late = startRun({ units: [unit("a")] })
      .start("a")
      .happened({ type: "unit-stopping", unit: "a" as never, attempt: 1, why: "timed_out" })
      .happened({
        type: "unit-finished",
        unit: "a" as never,
        attempt: 1,
        outcome: { type: "stopped" },
        leavings: {},
      });
    const doors: Partial<Doors> = { readRun: async () => reading(late, { folder }) };
    const { stdout } = await type(["logs", "a"], doors);
    expect(stdout.split("\n")[0]).toContain("stopped, timed out: the attempt took longer than 15m");
  });

  it("never reads outside the run's folder", async () => {
    const folder = await runFolder();
    const planted = startRun({ units: [unit("a")] })
      .start("a")
      .refuse("a", { log: "../../../../../../../../etc/passwd" });
    const doors: Partial<Doors> = { readRun: async () => reading(planted, { folder }) };
    expect((await type(["logs", "a"], doors)).stdout).not.toContain("root:");
  });

  it("is wrong usage for a unit or an attempt that there is not", async () => {
    const doors: Partial<Doors> = { readRun: async () => reading(story) };
    const noUnit = await type(["logs", "zzz"], doors);
    const noAttempt = await type(["logs", "a", "--attempt", "7"], doors);
    expect([noUnit.code, noAttempt.code]).toEqual([2, 2]);
    expect(noUnit.stderr).toContain("has no unit zzz");
    expect(noAttempt.stderr).toContain("no attempt 7");
  });
});
