import { describe, expect, it } from "vitest";
import type { Doors, RunRequest } from "../../src/cli/doors.ts";
import { Bug, Failure } from "../../src/core/failure.ts";
import { runId, startRun, unit } from "../support/run-state.ts";
import { landed, living } from "../support/run-story.ts";
import { type } from "../support/scripted-doors.ts";

describe("pleach run", () => {
  it("hands every flag on, parsed and with paths resolved", async () => {
    let asked: RunRequest | undefined;
    const story = landed();
    const line =
      "run -C repo --files a/** --files b/** --units 3 --match needle --language ts --matches-stay --rounds 0 --codemod mods/x.yml --check c1 --check c2 --unit-check u --concurrency 2 --attempts 3 --timeout 90s --target dev --base HEAD~1 --land partial --budget-tokens 5 --budget-usd 1.5 --approval required --sandbox none --trust --keep -y --config conf.json -q";
    const run: Doors["run"] = async (request) => {
      asked = request;
      return story.state();
    };
    const { code } = await type([...line.split(" "), "do it"], { run });
    expect(code).toBe(0);
    expect(asked).toEqual({
      dir: "/somewhere/repo",
      config: "/somewhere/repo/conf.json",
      goal: "do it",
      plan: undefined,
      files: ["a/**", "b/**"],
      units: 3,
      match: "needle",
      language: "ts",
      matchesStay: true,
      worker: undefined,
      command: undefined,
      codemod: "/somewhere/repo/mods/x.yml",
      checks: ["c1", "c2"],
      unitChecks: ["u"],
      concurrency: 2,
      attempts: 3,
      rounds: 0,
      timeoutMs: 90_000,
      target: "dev",
      base: "HEAD~1",
      land: "partial",
      budgetTokens: 5,
      budgetUsd: 1.5,
      approval: "required",
      sandbox: "none",
      trust: true,
      keep: true,
      yes: true,
    });
  });

  it("tells the story on stderr and the summary on stdout", async () => {
    const { code, stdout, stderr } = await type(["run", "--plan", "p"], { run: living(landed()) });
    expect(code).toBe(0);
    expect(stdout).toContain("Landed on main");
    expect(stderr).toMatch(/^\d\d:\d\d:\d\d a {7}attempt 1 started$/m);
    expect(stdout + stderr).not.toContain("\x1b");
  });

  it("prints one JSON document on stdout with --json, before or after the command's name", async () => {
    for (const line of [
      ["--json", "run", "--plan", "p"],
      ["run", "--plan", "p", "--json"],
    ]) {
      const { stdout } = await type(line, { run: living(landed()) });
      expect(JSON.parse(stdout)).toMatchObject({ version: 1, run: runId, outcome: "complete" });
    }
  });

  it("prints every event as a line with --ndjson, the final document last", async () => {
    const story = landed();
    const { stdout } = await type(["run", "--plan", "p", "--ndjson"], { run: living(story) });
    const printed = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);
    expect(printed.slice(0, -1)).toEqual(story.lines());
    expect(printed.at(-1)).toMatchObject({ version: 1, outcome: "complete" });
  });

  it("says nothing on stderr with -q, and one line on stdout", async () => {
    const { stdout, stderr } = await type(["run", "--plan", "p", "-q"], { run: living(landed()) });
    expect(stderr).toBe("");
    expect(stdout).toBe(`${runId} complete: 1 merged\n`);
  });

  it("warns also with -q", async () => {
    const run: Doors["run"] = async (_, eyes) => {
      eyes.warn("no check\x1b[31m");
      return landed().state();
    };
    const { stderr } = await type(["run", "--plan", "p", "-q"], { run });
    expect(stderr).toBe("warning: no check\\x1b[31m\n");
  });

  it("has the final document of a run that an error ended, with the error in it", async () => {
    const failure = new Failure("environment", "disk_full", "no space", { advice: "free some" });
    const story = startRun({ units: [unit("a")] }).start("a");
    const doors = { run: living(story, failure) };
    const { code, stdout, stderr } = await type(["run", "--plan", "p", "--json"], doors);
    expect(code).toBe(7);
    expect(JSON.parse(stdout)).toMatchObject({
      outcome: "interrupted",
      error: { code: "disk_full", message: "no space", advice: "free some", details: {} },
    });
    expect(stderr).toContain("error: no space\nnext:  free some\n");
  });

  it("has only the error where nothing began", async () => {
    const run: Doors["run"] = async () => {
      throw new Failure("usage", "plan_wrong", "the plan is wrong", {
        advice: "mend it",
        details: { problems: [{ path: "units[0].id", message: "bad id \x1b[2J" }, "no goal"] },
      });
    };
    const { code, stdout, stderr } = await type(["run", "--plan", "p", "--json"], { run });
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "plan_wrong" } });
    expect(stderr).toBe(
      "error: the plan is wrong\n  - units[0].id: bad id \\x1b[2J\n  - no goal\nnext:  mend it\n",
    );
  });

  it.each([
    ["conf: bad id (write x)", "error: conf: bad id (write x)\nnext:  mend it\n"],
    ["it is wrong", "error: it is wrong\n  - bad id (write x)\nnext:  mend it\n"],
  ])("lists a single problem only where the message %j does not say it", async (said, text) => {
    const run: Doors["run"] = async () => {
      const details = { problems: [{ field: "", message: "bad id", advice: "write x" }] };
      throw new Failure("usage", "plan_wrong", said, { advice: "mend it", details });
    };
    expect((await type(["run", "--plan", "p"], { run })).stderr).toBe(text);
  });

  it("shows a stack for a bug of ours, and ends with 70", async () => {
    const run: Doors["run"] = async () => {
      throw new Bug("it cannot be");
    };
    const { code, stderr } = await type(["run", "--plan", "p"], { run });
    expect(code).toBe(70);
    expect(stderr).toMatch(/error: a bug of ours: it cannot be\nBug: it cannot be\n {4}at /);
  });

  it("understands a full disk that nobody nearer understood", async () => {
    const run: Doors["run"] = async () => {
      throw Object.assign(new Error("ENOSPC: no space left"), { code: "ENOSPC" });
    };
    expect((await type(["run", "--plan", "p"], { run })).code).toBe(7);
  });

  it("draws a live line on a terminal, and takes it away at the end", async () => {
    const story = landed();
    const doors = { run: living(story) };
    const { stderr } = await type(["run", "--plan", "p"], doors, { tty: true });
    expect(stderr).toContain("\r\x1b[K");
    expect(stderr.endsWith("\r\x1b[K")).toBe(true);
  });

  it.each([{ CI: "true" }, { TERM: "dumb" }])("is plain on a terminal with %j", async (env) => {
    const doors = { run: living(landed()) };
    const { stdout, stderr } = await type(["run", "--plan", "p"], doors, { tty: true, env });
    expect(stdout + stderr).not.toContain("\x1b");
  });

  it("has no colours with NO_COLOR or --no-color", async () => {
    const doors = { run: living(landed()) };
    const line = ["run", "--plan", "p"];
    const first = await type(line, doors, { tty: true, env: { NO_COLOR: "1" } });
    const second = await type([...line, "--no-color"], doors, { tty: true });
    const third = await type(["--no-color", ...line], doors, { tty: true });
    const coloured = await type(line, doors, { tty: true });
    for (const { stdout } of [first, second, third]) expect(stdout).not.toContain("\x1b[");
    expect(coloured.stdout).toContain("\x1b[");
  });
});
