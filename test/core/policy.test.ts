import { describe, expect, it } from "vitest";
import { type Decision, decide, fitsCommand, type PolicyRule } from "../../src/core/policy.ts";

const rule = (decision: Decision, more: Partial<PolicyRule> = {}): PolicyRule => ({
  role: "*",
  tool: "shell",
  decision,
  ...more,
});

const noPush = [rule("deny", { prefix: ["git", "push"] })];
const shell = (rules: readonly PolicyRule[], command: string) =>
  decide(rules, "coder", "shell", command).decision;

describe("policy", () => {
  it("lets everything pass that no rule is about", () => {
    expect(decide([], "coder", "shell", "rm -rf /")).toEqual({ decision: "allow" });
    const others = [rule("deny", { role: "reviewer" }), rule("deny", { tool: "write" })];
    expect(decide(others, "coder", "shell", "ls")).toEqual({ decision: "allow" });
  });

  it("takes the strictest rule that fits, whatever the order", () => {
    const rules = [rule("allow"), rule("deny", { why: "no" }), rule("ask")];
    for (const order of [rules, [...rules].reverse()]) {
      expect(decide(order, "coder", "shell", "ls")).toEqual({ decision: "deny", rule: rules[1] });
    }
    expect(decide([rule("allow", { tool: "*" }), rule("ask")], "x", "shell").decision).toBe("ask");
    expect(decide([rule("ask", { tool: "*" })], "x", "read").decision).toBe("ask");
  });

  it("knows a role, and rules for all roles", () => {
    const rules = [
      rule("deny", { role: "reviewer", tool: "write" }),
      rule("ask", { tool: "write" }),
    ];
    expect([
      decide(rules, "reviewer", "write").decision,
      decide(rules, "coder", "write").decision,
      decide(rules, "coder", "read").decision,
    ]).toEqual(["deny", "ask", "allow"]);
  });

  it.each([
    "git push",
    "git push origin main",
    "cd x && git push",
    "/usr/bin/git push",
    "timeout 5 git push",
    "sudo git push",
    "git -C . push",
    "git --no-pager push",
    "git $WHAT",
    "git $NOTHING push",
    "git pus*",
    "echo $(date)",
    "sh -c 'git push'",
  ])("catches what is forbidden, and what might be: %s", (command) => {
    expect(shell(noPush, command)).toBe("deny");
  });

  it.each(["git pull", "git commit -m push", "echo git push", "git", "npm test $X", "./gitt push"])(
    "leaves alone what is something else: %s",
    (command) => {
      expect(shell(noPush, command)).toBe("allow");
    },
  );

  it("asks for the prefix alone where nothing is known of the command", () => {
    expect(decide(noPush, "coder", "shell").decision).toBe("allow");
    expect(decide([rule("deny")], "coder", "shell").decision).toBe("deny");
  });

  it("gives what cannot be read the strictest of all rules for the shell", () => {
    const rules = [rule("ask", { prefix: ["npm"] }), rule("allow", { prefix: ["ls"] })];
    expect(shell(rules, "eval x")).toBe("ask");
    expect(shell([...rules, ...noPush], "eval x")).toBe("deny");
    expect(shell([rule("allow", { prefix: ["ls"] })], "eval x")).toBe("allow");
  });

  it("closes the shell but for some commands", () => {
    const rules = [rule("deny", { except: [["npm", "test"], ["cat"], ["cd"]] })];
    expect(
      [
        "npm test",
        "npm test -- a",
        "CI=1 npm test",
        "timeout 9 npm test",
        "cd a && cat b | cat",
      ].map((command) => shell(rules, command)),
    ).toEqual(Array(5).fill("allow"));
    expect(
      [
        "npm run x",
        "cat a; rm b",
        "cat a > b",
        "sudo cat a",
        "./npm test",
        "npm $X",
        "PATH=. npm test",
        "cat $(x)",
        "npm -C x test",
      ].map((command) => shell(rules, command)),
    ).toEqual(Array(9).fill("deny"));
  });

  it("says of one rule whether it is about a command", () => {
    const allow = rule("allow", { prefix: ["npm", "test"] });
    expect([
      fitsCommand(allow, "npm test"),
      fitsCommand(allow, "npm test && rm x"),
      fitsCommand(allow, "eval x"),
      fitsCommand(rule("deny", { prefix: ["git", "push"] }), "git pull"),
    ]).toEqual([true, false, false, false]);
  });
});
