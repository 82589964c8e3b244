import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/config/read-config.ts";
import { policyOf } from "../../src/config/tool-rules.ts";

async function parsed(tools: unknown) {
  const config = await parseConfig(JSON.stringify({ tools }), "json");
  return config.type === "wrong"
    ? config.problems.map(({ field, message }) => `${field}: ${message}`)
    : policyOf(config.config.tools);
}

describe("the tools of the config", () => {
  it("become rules: names of ours and of others, prefixes, objects", async () => {
    expect(
      await parsed({
        reviewer: { deny: ["write", "Edit", "Bash"] },
        "*": {
          allow: ["*", "shell(npm test)", "Bash(git push:*)", "Bash(ls *)", "Bash(*)", "LS"],
          ask: [
            { tool: "shell", prefix: ["git", "push"], except: [["git", "push", "-n"]], why: "no" },
          ],
        },
      }),
    ).toEqual([
      { role: "reviewer", tool: "write", decision: "deny" },
      { role: "reviewer", tool: "edit", decision: "deny" },
      { role: "reviewer", tool: "shell", decision: "deny" },
      { role: "*", tool: "*", decision: "allow" },
      { role: "*", tool: "shell", prefix: ["npm", "test"], decision: "allow" },
      { role: "*", tool: "shell", prefix: ["git", "push"], decision: "allow" },
      { role: "*", tool: "shell", prefix: ["ls"], decision: "allow" },
      { role: "*", tool: "shell", decision: "allow" },
      { role: "*", tool: "list", decision: "allow" },
      {
        role: "*",
        tool: "shell",
        prefix: ["git", "push"],
        except: [["git", "push", "-n"]],
        why: "no",
        decision: "ask",
      },
    ]);
  });

  it("are wrong where a name, a form or a key is, each problem with its field", async () => {
    const deny = [
      "raed",
      "WebFetch",
      "shell(git push",
      "shell('git' push)",
      "write(src/**)",
      "",
      5,
      { tool: "wrte" },
      { tool: "write", prefix: ["x"] },
      { tool: "shell", prefix: [] },
      { tool: "shell", prefxi: ["a"] },
    ];
    expect(await parsed({ a: { deny }, "a b": {} })).toEqual([
      "tools.a.deny[0]: there is no tool raed: did you mean read?",
      "tools.a.deny[1]: there is no tool WebFetch",
      'tools.a.deny[2]: "shell(git push" is no rule such as write or shell(git push)',
      'tools.a.deny[3]: "shell(\'git\' push)" is not plain: write { "tool": "shell", "prefix": [ … ] }',
      "tools.a.deny[4]: ( ) is for commands of shell, not for write",
      "tools.a.deny[5]: must not be empty",
      "tools.a.deny[6]: must be text or an object, not 5",
      "tools.a.deny[7].tool: there is no tool wrte: did you mean write?",
      "tools.a.deny[8].prefix: is for shell alone, not for write",
      "tools.a.deny[9].prefix: must not be empty",
      "tools.a.deny[10].prefxi: there is no such key",
      'tools["a b"]: is no role: a name, or * for all of them',
    ]);
  });

  it("are tried on their examples, and one that does not hold is told by its field", async () => {
    const rule = { tool: "shell", prefix: ["git", "push"] };
    const good = { ...rule, match: ["git push origin main", "eval x"], notMatch: ["git pull"] };
    expect(await parsed({ a: { deny: [good] } })).toEqual([
      { role: "a", tool: "shell", prefix: ["git", "push"], decision: "deny" },
    ]);
    const bad = { ...rule, match: ["git push", "git pull"], notMatch: ["git -C x push"] };
    expect(await parsed({ a: { ask: [good, bad] } })).toEqual([
      'tools.a.ask[1].match[1]: the rule is not about "git pull"',
      'tools.a.ask[1].notMatch[0]: the rule is about "git -C x push" too',
    ]);
    expect(await parsed({ a: { allow: [good] } })).toEqual([
      'tools.a.allow[0].match[1]: the rule is not about "eval x"',
    ]);
  });
});
