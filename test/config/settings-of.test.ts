import path from "node:path";
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/config/read-config.ts";
import type { Config } from "../../src/config/schema.ts";
import { type RunFlags, settingsOf } from "../../src/config/settings-of.ts";
import { Failure, messageOf } from "../../src/core/failure.ts";
import type { RefName } from "../../src/core/id.ts";
import { makeFolder } from "../support/folder.ts";

async function configOf(said: object): Promise<Config> {
  const parsed = await parseConfig(JSON.stringify(said), "json");
  if (parsed.type === "wrong") throw new Error(JSON.stringify(parsed.problems));
  return parsed.config;
}

const target = "refs/heads/main" as RefName;

async function settings(said: object, flags: RunFlags = {}, folder = "/nowhere") {
  return await settingsOf(await configOf(said), flags, { target, folder, cwd: folder, roles: [] });
}

const refusal = (said: object, flags: RunFlags = {}, folder = "/nowhere") =>
  settings(said, flags, folder).then(
    () => "accepted",
    (error: unknown) =>
      error instanceof Failure ? `${error.exitCode} ${error.message}` : messageOf(error),
  );

describe("the settings of a run", () => {
  it("are the config's, complete", async () => {
    const folder = await makeFolder({ "codemods/a.yml": "rule: x", "m.mjs": "" });
    const made = await settings(
      {
        workers: {
          rule: { type: "codemod", rule: "codemods/a.yml" },
          module: { type: "codemod", module: "m.mjs" },
          any: { type: "codemod", command: ["sed"] },
          model: {
            type: "model",
            model: "m",
          },
        },
        worker: "module",
        checks: ["npm test", { name: "t", run: ["tsc"], timeout: "90s" }],
        context: { a: [1] },
      },
      {},
      folder,
    );
    expect(made).toEqual({
      target,
      worker: "module",
      workers: {
        rule: {
          type: "codemod",
          codemod: { type: "rule", file: path.join(folder, "codemods/a.yml"), text: "rule: x" },
        },
        module: { type: "codemod", codemod: { type: "module", file: path.join(folder, "m.mjs") } },
        any: { type: "codemod", codemod: { type: "command", command: ["sed"] } },
        model: {
          type: "model",
          model: "m",
          window: 128_000,
          outputTokensMax: 16_000,
          idleTimeoutMs: 60_000,
          turnTimeoutMs: 600_000,
          baseURL: "https://api.openai.com/v1",
          apiKeyEnv: "OPENAI_API_KEY",
        },
      },
      checks: [
        { name: "npm test", run: "npm test", timeoutMs: 600_000 },
        { name: "t", run: ["tsc"], timeoutMs: 90_000 },
      ],
      unitChecks: [],
      setup: { copy: [], clone: [], run: [] },
      limits: {
        concurrency: 4,
        units: 50,
        attempts: 2,
        agentTimeoutMs: 900_000,
        unitTimeoutMs: 900_000,
        runTimeoutMs: 7_200_000,
        checks: 1,
        agents: 8,
        agentsPerParent: 5,
        agentsPerRun: 50,
        depth: 3,
        turns: 30,
        rounds: 2,
      },
      budget: { agent: {}, unit: {}, run: {}, warnAt: 0.8 },
      context: { a: [1] },
      roles: [],
      yes: false,
      approval: "auto",
      policy: [],
      shell: { network: false, timeoutMs: 120_000, caches: [] },
      protected: [],
      checkout: "auto",
      land: "auto",
      sandbox: "auto",
      keep: false,
    });
  });

  it("are a flag's where one was typed", async () => {
    const made = await settings(
      {
        checks: ["a"],
        workers: { model: { type: "model", model: "m" } },
        worker: "model",
        budget: { run: { usd: 1 } },
      },
      {
        command: "make it so",
        checks: ["b", "c"],
        unitChecks: ["d"],
        concurrency: 9,
        attempts: 1,
        timeoutMs: 5,
        budgetTokens: 7,
        land: "never",
        sandbox: "none",
        approval: "required",
        keep: true,
      },
    );
    expect(made).toMatchObject({
      worker: "command",
      workers: { command: { type: "command", command: "make it so" }, model: { type: "model" } },
      checks: [{ name: "b" }, { name: "c" }],
      unitChecks: [{ name: "d", run: "d" }],
      limits: { concurrency: 9, attempts: 1, unitTimeoutMs: 5 },
      budget: { run: { tokens: 7, usd: 1 } },
      land: "never",
      sandbox: "none",
      approval: "required",
      keep: true,
    });
  });

  it("take a codemod by the ending of its file, from where the user stands", async () => {
    const folder = await makeFolder({ "r.yaml": "fix: y", "m.cjs": "" });
    const rule = await settings({}, { codemod: "r.yaml" }, folder);
    expect(rule.worker).toBe("codemod");
    expect(rule.workers["codemod"]).toEqual({
      type: "codemod",
      codemod: { type: "rule", file: path.join(folder, "r.yaml"), text: "fix: y" },
    });
    const module = await settings({}, { codemod: "m.cjs" }, folder);
    expect(module.workers["codemod"]).toMatchObject({ codemod: { type: "module" } });
  });

  it("take the first worker where none is named", async () => {
    const workers = { b: { type: "command", command: "x" }, a: { type: "command", command: "y" } };
    expect((await settings({ workers })).worker).toBe("b");
    expect((await settings({ workers }, { worker: "a" })).worker).toBe("a");
  });

  it.each<[string, object, RunFlags, string]>([
    ["no worker", {}, {}, "2 there is no worker to do the work"],
    [
      "an unknown worker",
      { workers: { model: { type: "model", model: "m" } } },
      { worker: "modle" },
      "2 the command line: --worker: there is no worker modle (did you mean model?)",
    ],
    [
      "two ways at once",
      {},
      { command: "x", codemod: "y" },
      "2 the command line: only one of --worker, --command and --codemod can be given",
    ],
    [
      "a TypeScript codemod",
      {},
      { codemod: "x.ts" },
      "2 the command line: --codemod: x.ts is neither a rule (.yml, .yaml) nor a module (.js, .mjs, .cjs)",
    ],
    [
      "a codemod that is not there",
      {},
      { codemod: "x.yml" },
      "2 the command line: --codemod: there is no file /nowhere/x.yml",
    ],
    [
      "a configured codemod that is not there",
      { workers: { a: { type: "codemod", rule: "x.yml" } } },
      {},
      "2 the config: workers.a.rule: there is no file /nowhere/x.yml",
    ],
    [
      "impossible numbers",
      {},
      { command: "x", concurrency: 0, attempts: 1.5, budgetUsd: Number.NaN },
      "2 the command line: --concurrency: must be at least 1; 3 problems in all",
    ],
    ["an empty command", {}, { command: " " }, "2 the command line: --command: is empty"],
    [
      "a check twice",
      {},
      { command: "x", checks: ["a", "a"] },
      "2 the command line: --check: names the same command twice",
    ],
  ])("are refused for %s", async (_, said, flags, line) => {
    expect(await refusal(said, flags)).toBe(line);
  });

  it("are refused where a codemod is a folder", async () => {
    const folder = await makeFolder({ "x.yml/y": "" });
    expect(await refusal({}, { codemod: "x.yml" }, folder)).toContain("there is no file");
  });
});
