import { readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/config/read-config.ts";
import { type Config, emptyConfig } from "../../src/config/schema.ts";
import { isTrusted, obeyedConfig, trust, trustQuestion } from "../../src/config/trust.ts";
import { makeFolder } from "../support/folder.ts";

async function configOf(text: string): Promise<Config> {
  const parsed = await parseConfig(text, "json");
  if (parsed.type === "wrong") throw new Error(JSON.stringify(parsed.problems));
  return parsed.config;
}

const question = async (text: string, folder = "/nowhere") =>
  await trustQuestion(await configOf(text), folder);

describe("trust", () => {
  it.each([
    ["an empty config", "{}"],
    ["a rule", `{ "workers": { "a": { "type": "codemod", "rule": "a.yml" } } }`],
    ["a model at its own address", `{ "workers": { "a": { "type": "model", "model": "m" } } }`],
    ["limits and budgets", `{ "limits": { "units": 9 }, "budget": { "run": { "usd": 1 } } }`],
    [
      "a stricter sandbox and tools",
      `{ "sandbox": "bwrap", "tools": { "a": { "deny": ["write"] } } }`,
    ],
  ])("is not needed for %s", async (_, text) => {
    expect((await question(text)).commands).toEqual([]);
  });

  it("names everything that would be run or weakened", async () => {
    const folder = await makeFolder({ "m.mjs": "export default (s) => s;" });
    const text = `{
      "workers": {
        "codex": { "type": "command", "command": ["codex", "exec", "do it"] },
        "sh": { "type": "command", "command": "rm -rf x" },
        "mod": { "type": "codemod", "module": "m.mjs" },
        "run": { "type": "codemod", "command": "sed -i" },
        "far": { "type": "model", "model": "m", "baseURL": "http://evil.example/v1" },
        "key": { "type": "model", "model": "m", "apiKeyEnv": "AWS_SECRET" }
      },
      "checks": ["npm test", { "name": "types", "run": "tsc" }],
      "unitChecks": ["lint"],
      "setup": { "run": ["npm ci"], "copy": [".env"], "clone": ["node_modules"] },
      "sandbox": "none",
      "tools": { "coder": { "allow": ["shell", "Bash(npm test:*)"] } }
    }`;
    expect((await question(text, folder)).commands).toEqual([
      'worker codex: codex exec "do it"',
      "worker sh: rm -rf x",
      "worker mod: module m.mjs",
      "worker run: sed -i",
      "worker far: sends the key OPENAI_API_KEY to http://evil.example/v1",
      "worker key: sends the key AWS_SECRET to https://api.openai.com/v1",
      "check: npm test",
      "check types: tsc",
      "unit check: lint",
      "setup: npm ci",
      "setup: copy .env into each worktree",
      "setup: clone node_modules into each worktree",
      "sandbox: none",
      "tools: coder may use shell unasked",
      "tools: coder may use shell(npm test) unasked",
    ]);
  });

  it("is for exactly this content, whatever the order of its keys", async () => {
    const one = await question(`{ "checks": ["a"], "setup": { "run": ["b"], "copy": ["c"] } }`);
    const same = await question(
      `{ "setup": { "copy": ["c"], "run": ["b"] }, "checks": ["a"], "land": "pr" }`,
    );
    const others = await Promise.all(
      [
        `{ "checks": ["a2"], "setup": { "run": ["b"], "copy": ["c"] } }`,
        `{ "checks": [{ "name": "a", "run": ["a"] }], "setup": { "run": ["b"], "copy": ["c"] } }`,
        `{ "checks": ["a"], "setup": { "run": ["b", "d"], "copy": ["c"] } }`,
        `{ "checks": ["a"], "setup": { "run": ["b"], "copy": ["c"] }, "sandbox": "none" }`,
        `{ "checks": ["a"], "setup": { "run": ["b"], "copy": ["c"] }, "budget": { "run": { "usd": 99 } } }`,
      ].map((text) => question(text)),
    );
    expect(same.hash).toBe(one.hash);
    expect(new Set([one.hash, ...others.map((other) => other.hash)]).size).toBe(6);
  });

  it("is asked only for what a run would obey, and is then that of a config which says no more", async () => {
    const setup = `"setup": { "run": ["s"] }, "budget": { "run": { "usd": 9 } }`;
    const config =
      await configOf(`{ ${setup}, "checks": ["a"], "unitChecks": ["b"], "sandbox": "none",
      "workers": { "w": { "type": "command", "command": "c" }, "x": { "type": "command", "command": "d" } } }`);
    const all = { checks: true, unitChecks: true, sandbox: true, workers: new Set(["w", "x"]) };
    expect(obeyedConfig(config, all)).toEqual(config);
    const some = obeyedConfig(config, { ...all, checks: false, workers: new Set(["x"]) });
    expect((await trustQuestion(some, "/nowhere")).commands).toEqual([
      "worker x: d",
      "unit check: b",
      "setup: s",
      "sandbox: none",
    ]);
    const none = { checks: false, unitChecks: false, sandbox: false, workers: new Set<string>() };
    const least = await trustQuestion(obeyedConfig(config, none), "/nowhere");
    expect(least).toEqual(await question(`{ ${setup} }`));
  });

  it("ends when a codemod's own file changes", async () => {
    const folder = await makeFolder({ "m.mjs": "1", "tool.py": "1" });
    const text = `{ "workers": { "a": { "type": "codemod", "module": "m.mjs" },
      "b": { "type": "codemod", "command": ["python3", "tool.py", "{files}"] } } }`;
    const first = await question(text, folder);
    await writeFile(path.join(folder, "m.mjs"), "2");
    const second = await question(text, folder);
    await writeFile(path.join(folder, "tool.py"), "2");
    const third = await question(text, folder);
    expect(new Set([first.hash, second.hash, third.hash]).size).toBe(3);
  });

  it("is remembered per repository and content, and nothing else is left behind", async () => {
    const home = await makeFolder();
    const asked = await question(`{ "checks": ["a"] }`);
    const other = await trustQuestion(emptyConfig, home);
    expect(await isTrusted(home, "repo-1", asked.hash)).toBe(false);
    await Promise.all([1, 2, 3].map(() => trust(home, "repo-1", asked)));
    expect(await isTrusted(home, "repo-1", asked.hash)).toBe(true);
    expect(await isTrusted(home, "repo-2", asked.hash)).toBe(false);
    expect(await isTrusted(home, "repo-1", other.hash)).toBe(false);
    expect(await readdir(path.join(home, "trust/repo-1"))).toEqual([`${asked.hash}.json`]);
  });
});
