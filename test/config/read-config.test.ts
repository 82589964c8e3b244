import { mkdir } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { parseConfig, readConfig } from "../../src/config/read-config.ts";
import { emptyConfig } from "../../src/config/schema.ts";
import { Failure } from "../../src/core/failure.ts";
import { type Problem, problemLine } from "../../src/core/problem.ts";
import { makeFolder } from "../support/folder.ts";

async function problems(text: string, format: "json" | "yaml" = "json"): Promise<string[]> {
  const parsed = await parseConfig(text, format);
  return parsed.type === "wrong" ? parsed.problems.map(problemLine) : [];
}

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const error = await work.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(Failure);
  return error as Failure;
}

const allProblems = (failure: Failure) => failure.details["problems"] as readonly Problem[];

describe("a config", () => {
  it("that says nothing has the defaults of the contract", async () => {
    expect(await parseConfig("{}", "json")).toEqual({ type: "config", config: emptyConfig });
    expect(emptyConfig).toEqual({
      workers: {},
      checks: [],
      unitChecks: [],
      setup: { copy: [], clone: [], run: [] },
      limits: {
        concurrency: 4,
        units: 50,
        attempts: 2,
        agentTimeout: 900_000,
        unitTimeout: 900_000,
        runTimeout: 7_200_000,
        checks: 1,
        agents: 8,
        agentsPerParent: 5,
        agentsPerRun: 50,
        depth: 3,
        turns: 30,
        rounds: 2,
      },
      budget: { agent: {}, unit: {}, run: {}, warnAt: 0.8 },
      approval: "auto",
      tools: {},
      shell: { network: false, timeout: 120_000, caches: [] },
      protected: [],
      hubs: [],
      checkout: "auto",
      land: "auto",
      sandbox: "auto",
      keep: false,
    });
  });

  it("tells every problem at once, with its path and the nearest right name", async () => {
    const text = `{
      // a comment, and a trailing comma
      "worker": "modle",
      "wrokers": {},
      "concurrency": 3,
      "limits": { "unit": 5, "attempts": 0, "units": 1.5, "unitTimeout": "soon", "runTimeout": 90, "turns": "many" },
      "workers": {
        "model": { "type": "model", "model": "m", "baseURL": "file:///etc/passwd", "apiKeyEnv": "sk-123" },
        "a b": { "type": "command", "command": "x" },
        "c": { "type": "comand" },
        "d": { "type": "command", "command": [], "stdn": "task" },
        "e": { "type": "codemod" },
        "f": { "type": "codemod", "rule": "r.yml", "module": "m.mjs" },
        "g": { "type": "command" }
      },
      "checks": [3, { "run": "x", "name": "n", "timeout": "0s" }, { "nam": "x", "run": "x" }, {}],
      "unitChecks": ["a", "a"],
      "setup": { "copy": ["../.ssh/id"], "clone": ["/etc", ".git/hooks"], "run": [""] },
      "budget": { "run": { "usd": -1, "token": 5 }, "warnAt": 2 },
      "protected": ["../x", "["],
      "land": "atuo",
      "checkout": null,
      "target": "--force",
    }`;
    expect(await problems(text)).toEqual(
      [
        "target: is no branch name",
        "workers.model.baseURL: must be an http or https address",
        "workers.model.apiKeyEnv: must be the name of an environment variable, not a key",
        'workers["a b"]: is no name: letters, digits, _ . and -, at most 64',
        'workers.c.type: must be model, command or codemod, not "comand" (did you mean command?)',
        "workers.d.command: must not be empty",
        "workers.d.stdn: there is no such key (did you mean stdin?)",
        "workers.e: must have exactly one of rule, module and command",
        "workers.f: must have exactly one of rule, module and command",
        "workers.g.command: is missing",
        "checks[0]: must be text or an object, not 3",
        "checks[1].timeout: must be between 1ms and 24d",
        "checks[2].nam: there is no such key (did you mean name?)",
        "checks[3].run: is missing",
        "unitChecks[1]: another check is called a too",
        "setup.copy[0]: must lie inside the repository, with / between folders",
        "setup.clone[0]: must lie inside the repository, with / between folders",
        "setup.clone[1]: names .git",
        "setup.run[0]: must not be empty",
        "limits.attempts: must be at least 1",
        "limits.units: must be a whole number, not 1.5",
        "limits.unitTimeout: is no duration such as 90s, 15m or 2h",
        "limits.runTimeout: must be text, not 90",
        'limits.turns: must be a number, not "many"',
        "limits.unit: there is no such key (did you mean units?)",
        "budget.run.usd: must be more than 0",
        "budget.run.token: there is no such key (did you mean tokens?)",
        "budget.warnAt: must be at most 1",
        'protected[0]: "../x" leaves the repository',
        'protected[1]: "[" has a [ that is never closed: write \\[ for itself',
        "checkout: must be auto, full or sparse, not null",
        'land: must be auto, partial, never or pr, not "atuo" (did you mean auto?)',
        "wrokers: there is no such key (did you mean workers?)",
        "concurrency: there is no such key (did you mean limits.concurrency?)",
      ].sort(byOrder(await problems(text))),
    );
  });

  it("names a worker that nobody configured", async () => {
    const text = `{ "worker": "modle", "workers": { "model": { "type": "model", "model": "m" } } }`;
    expect(await problems(text)).toEqual([
      "worker: there is no worker modle under workers (did you mean model?)",
    ]);
  });

  it.each([
    ["a key twice", `{ "land": "auto", "land": "never" }`, "land: this key is given twice"],
    ["a list", "[]", "must be an object, not a list"],
    ["__proto__", `{ "__proto__": {} }`, "__proto__: there is no such key"],
    ["a worker __proto__", `{ "workers": { "__proto__": {} } }`, "workers.__proto__: is no name"],
    ["half a file", `{ "land": `, "is not JSON: line 1, column 11: value expected"],
    ["nothing", " \n", "is empty"],
    ["a number beyond all", `{ "keep": 1e999 }`, "keep: this number is too large"],
  ])("is refused for %s", async (_, text, line) => {
    expect(await problems(text)).toContain(line);
  });

  it("is told what else is wrong beside a key given twice", async () => {
    const lines = await problems(`{ "land": 1, "land": "no", "lnad": 2 }`);
    expect(lines.map((line) => line.split(":")[0])).toEqual(["land", "land", "lnad"]);
  });

  it("is refused where YAML is more than plain data", async () => {
    const laughs = `a: &a [x,x,x,x,x,x,x,x,x,x]\n${[..."bcdefghi"]
      .map((name, at) => `${name}: &${name} [${Array(10).fill(`*${"abcdefgh"[at]}`).join(",")}]`)
      .join("\n")}`;
    const told = [
      await problems("land: auto\nland: never", "yaml"),
      await problems("context: !!js/function 'function () {}'", "yaml"),
      await problems("context: &a [*a]", "yaml"),
      await problems(laughs, "yaml"),
      await problems("a: b: c", "yaml"),
      await problems("land: auto\n---\nland: auto", "yaml"),
      await problems("? [a]\n: b", "yaml"),
      await problems("context: .nan", "yaml"),
      await problems("[".repeat(50_000), "yaml"),
      await problems(`{ "context": ${"[".repeat(100_000)} }`),
      await problems(`{ "context": ${"[".repeat(200)}${"]".repeat(200)} }`),
    ];
    expect(told.map((lines) => lines.length > 0)).toEqual(told.map(() => true));
    expect(told[0]).toEqual(["land: this key is given twice"]);
    expect(told[3]).toEqual(["holds too many values once its aliases are followed"]);
  });
});

describe("reading the config of a repository", () => {
  it("finds nothing in a folder without one", async () => {
    const folder = await makeFolder({ "package.json": `{ "name": "x" }` });
    expect(await readConfig(folder)).toEqual({ config: emptyConfig, folder, warnings: [] });
  });

  it.each([
    [".agentrc.json", `\ufeff{ "land": "never", /* why */ }`],
    [".agentrc.yaml", "land: never\n"],
    [".agentrc.yml", "land: never\n"],
    ["package.json", `{ "name": "x", "agentrc": { "land": "never" } }`],
  ])("finds %s", async (name, text) => {
    const folder = await makeFolder({ [name]: text });
    const read = await readConfig(folder);
    expect(read).toMatchObject({ file: path.join(folder, name), folder, warnings: [] });
    expect(read.config).toEqual({ ...emptyConfig, land: "never" });
  });

  it("takes the first of several and says so", async () => {
    const folder = await makeFolder({
      ".agentrc.json": `{ "land": "pr" }`,
      ".agentrc.yml": "a: 1",
    });
    const read = await readConfig(folder);
    expect(read.config.land).toBe("pr");
    expect(read.warnings).toEqual([
      "several configs: .agentrc.json is used, .agentrc.yml is ignored",
    ]);
  });

  it("names the file and the whole list of problems, exit 2", async () => {
    const folder = await makeFolder({ "package.json": `{ "agentrc": { "lnd": 1, "keep": 1 } }` });
    const failure = await failureOf(readConfig(folder));
    expect(failure.exitCode).toBe(2);
    expect(failure.message).toMatch(/^package\.json: .*; 2 problems in all$/);
    expect(allProblems(failure).map(problemLine)).toEqual([
      "agentrc.keep: must be true or false, not 1",
      "agentrc.lnd: there is no such key (did you mean land?)",
    ]);
  });

  it("is clear about a broken package.json, a folder and a missing file", async () => {
    const broken = await makeFolder({ "package.json": `{ "agentrc": ` });
    expect((await failureOf(readConfig(broken))).message).toMatch(
      /^package\.json: is not JSON: line 1/,
    );
    const folder = await makeFolder();
    await mkdir(path.join(folder, ".agentrc.json"));
    expect((await failureOf(readConfig(folder))).message).toMatch(/is a folder$/);
    const missing = await failureOf(readConfig(folder, path.join(folder, "x.json")));
    expect([missing.code, missing.exitCode]).toEqual(["config_missing", 2]);
  });

  it("reads the file that --config names, relative to which its paths are", async () => {
    const folder = await makeFolder({ "etc/mine.yml": "keep: true", ".agentrc.json": "nonsense" });
    const read = await readConfig(folder, path.join(folder, "etc/mine.yml"));
    expect([read.config.keep, read.folder]).toEqual([true, path.join(folder, "etc")]);
  });
});

/** The order of problems is zod's; only their being there is ours. */
function byOrder(told: readonly string[]) {
  return (a: string, b: string) => told.indexOf(a) - told.indexOf(b);
}
