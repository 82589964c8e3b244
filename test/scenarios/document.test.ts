import { existsSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { FinalDocument } from "../../src/view/document.ts";
import { type ErrorDocument, makeScene, planned, unitIn } from "../support/scene.ts";

const sha = expect.stringMatching(/^[0-9a-f]{40}$/);
const number = expect.any(Number);
const guess = { seconds: number, tokens: null, usd: null };
const spend = { inputTokens: 0, cachedTokens: 0, outputTokens: 0, usd: 0 };

/** Each unit does what its instructions say. */
const obedient = `sh -c 'sed -n "s/^run: //p" "$AGENT_TASK_FILE" | sh'`;

function doing(id: string, script: string, more: Readonly<Record<string, unknown>> = {}) {
  return planned(id, { instructions: `Change ${id}.\n\nrun: ${script}`, ...more });
}

describe("the final document", () => {
  it("has every key of the contract, of merged, failed and dependent units", async () => {
    const scene = await makeScene();
    const { repository } = scene;
    const before = await repository.git("rev-parse", "HEAD");
    const plan = scene.plan({
      goal: "Say hello",
      units: [
        doing("words", 'test -z "$(ls -A "$PLEACH_OUTBOX")" && echo "use tabs"', { owns: [] }),
        doing("a", 'grep -q "use tabs" "$AGENT_TASK_FILE" && echo hello > a.txt && echo did a', {
          after: ["words"],
        }),
        doing("b", 'grep -q hello a.txt && echo b2 > b.txt; echo "did b" >&2', { after: ["a"] }),
        doing("c", "echo why; exit 3"),
        doing("d", "true", { after: ["c"] }),
      ],
      doneWhen: [{ name: "greets", run: "grep -q hello a.txt" }],
    });
    const { code, document, stderr } = await scene.ask(
      ["run", "--plan", plan, "--command", obedient, "--check", "test -f a.txt", "--attempts", "1"],
      { kept: ["refs/heads/pleach/"] },
    );
    const run = document.run;
    const unit = {
      changed: [],
      artifacts: [],
      attempts: 1,
      commit: null,
      spend,
      estimated: false,
      seconds: number,
      agents: [],
    };
    const branch = (id: string) => ({ id, branch: `pleach/${run}/${id}` });
    expect(document).toEqual({
      version: 1,
      run: expect.stringMatching(/^\d{8}-\d{4}-[a-z0-9]{4}$/),
      outcome: "partial",
      goal: "Say hello",
      target: "main",
      base: before,
      integration: sha,
      landed: null,
      units: [
        { ...unit, ...branch("words"), status: "merged", summary: "use tabs\n", reason: null },
        {
          ...unit,
          ...branch("a"),
          status: "merged",
          commit: sha,
          changed: ["a.txt"],
          summary: "did a\n",
          reason: null,
        },
        {
          ...unit,
          ...branch("b"),
          status: "merged",
          commit: sha,
          changed: ["b.txt"],
          summary: "did b\n",
          reason: null,
        },
        {
          ...unit,
          ...branch("c"),
          status: "failed",
          summary: "why\n",
          reason: {
            type: "worker_failed",
            message: "the command exited with 3: why",
            paths: [],
            log: "units/c/1/output.log",
          },
        },
        {
          ...unit,
          ...branch("d"),
          attempts: 0,
          status: "failed",
          summary: "",
          reason: { type: "dependency_failed", message: expect.stringContaining("c"), paths: [] },
        },
      ],
      spend,
      summary: "## words\n\nuse tabs\n\n## a\n\ndid a\n\n## b\n\ndid b",
      approvals: [],
      doneWhen: [{ name: "greets", passed: true, log: expect.any(String) }],
      landing: { asked: "auto", refused: null },
      checks: { run: 3, reused: 0, seconds: number },
      seconds: number,
      estimate: { serial: guess, parallel: guess },
    });
    expect(code).toBe(1);
    expect(scene.record(run, "units/c/1/output.log")).toBe("why\n");
    expect(await repository.git("rev-parse", "main")).toBe(before);
    expect(await repository.git("rev-parse", `pleach/${run}/integration`)).toBe(
      document.integration,
    );
    expect(unitIn(document, "b").commit).toBe(document.integration);
    expect(stderr).toContain("c ");
    const again = await scene.ask(["resume"], { kept: ["refs/heads/pleach/"] });
    expect(again).toMatchObject({ code: 1, document, stderr: "" });
  });

  it("comes last with --ndjson, after every line of the journal", async () => {
    const scene = await makeScene();
    const plan = scene.plan({ units: [planned("a")] });
    const line = ["run", "--plan", plan, "--command", "echo 2 > a.txt", "--check", "true"];
    const { code, stdout, stderr } = await scene.type([...line, "--ndjson"], {
      lands: { paths: ["a.txt"] },
    });
    const lines = stdout.trimEnd().split("\n");
    const document = JSON.parse(lines.pop() ?? "") as FinalDocument;
    expect({ code, outcome: document.outcome }).toEqual({ code: 0, outcome: "complete" });
    expect(lines).toEqual(scene.record(document.run, "journal.jsonl").trimEnd().split("\n"));
    expect(stderr).toContain("merged");
    expect(document.landed).toBe(await scene.repository.git("rev-parse", "HEAD"));
    expect(document.landed).toBe(document.integration);
  });

  it("is on stdout alone, a summary for people there without --json, and -q is one line", async () => {
    const scene = await makeScene();
    const plan = scene.plan({ units: [planned("a")] });
    const line = ["run", "--plan", plan, "--command", "echo >> a.txt"];
    const first = await scene.type(line, { lands: { paths: ["a.txt"] } });
    expect(first.code).toBe(0);
    expect(first.stdout).toContain("Landed on main");
    expect(first.stderr.match(/^warning: no check is configured/gm)).toHaveLength(1);
    const quiet = await scene.type([...line, "-q", "--check", "true"], {
      lands: { paths: ["a.txt"] },
    });
    expect(quiet.stderr).toBe("");
    expect(quiet.stdout).toMatch(/^\S+ complete: 1 merged\n$/);
    const json = await scene.ask(line, { lands: { paths: ["a.txt"] } });
    expect(json.document.checks.run).toBe(0);
    expect(json.stdout + json.stderr).not.toContain("\u001b");
  });
});

describe("an error", () => {
  it("is a document on stdout with --json, and what, why and what next on stderr, and nothing changed", async () => {
    const scene = await makeScene();
    const { code, document, stderr } = await scene.ask<ErrorDocument>(["run", "--plan", "no.json"]);
    expect(code).toBe(2);
    expect(document).toEqual({
      error: {
        code: expect.stringMatching(/^[a-z_]+$/),
        message: expect.stringContaining("no.json"),
        advice: expect.stringMatching(/./),
        details: expect.any(Object),
      },
    });
    expect(stderr).toBe(`error: ${document.error.message}\nnext:  ${document.error.advice}\n`);
    expect(existsSync(path.join(scene.repository.path, ".git/pleach"))).toBe(false);
    expect(existsSync(scene.stateHome)).toBe(false);
  });
});
