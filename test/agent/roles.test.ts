/** Roles: those that come with Pleach, and those that people bring along. */
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { findRole, readBuiltInRoles } from "../../src/agent/roles/built-in.ts";
import { readRoles, withBuiltInRoles } from "../../src/agent/roles/read-roles.ts";
import { parseRoleFile } from "../../src/agent/roles/role-file.ts";
import { agentScene, transcriptLines } from "../support/agent-scene.ts";
import { scratchFolder } from "../support/scratch.ts";
import { byAgent } from "../support/scripted-model.ts";

function parse(head: string, body = "You help.") {
  return parseRoleFile({ source: "agents/helper.md", text: `---\n${head}\n---\n\n${body}\n` });
}

test("those that come with it have a prompt, and the field's other names find them", async () => {
  const roles = await readBuiltInRoles();
  expect(roles.map(({ name }) => name).sort()).toEqual([
    ...["analyst", "coder", "creative", "general", "guide", "planner"],
    ...["researcher", "reviewer", "tester"],
  ]);
  for (const role of roles) expect(role).toMatchObject({ source: "built in" });
  const meant = (name: string) => findRole(roles, name)?.name;
  expect(meant("general-purpose")).toBe("general");
  expect(meant("Explore")).toBe("researcher");
  expect(meant("verifier")).toBe("tester");
  expect(meant("plan-agent")).toBe("planner");
  expect(meant("Plan")).toBe("planner");
  expect(meant("code-reviewer")).toBe("reviewer");
  expect(meant("wizard")).toBeUndefined();
});

test("a role may want a person's word before each of its agents, and what it says otherwise is taken for that", () => {
  expect(parse("approval: required")).toMatchObject({
    role: { approval: "required" },
    warnings: [],
  });
  expect(parse("approval: auto").role).not.toHaveProperty("approval");
  const { role, warnings } = parse("approval: maybe");
  expect({ approval: role?.approval, warnings }).toEqual({
    approval: "required",
    warnings: ["agents/helper.md: approval must be auto or required: it is taken for required"],
  });
});

test("the guide knows the documentation of Pleach", async () => {
  const guide = findRole(await readBuiltInRoles(), "guide");
  expect(guide?.prompt).toContain("pleach run");
});

test("a file has its fields, its tools by any name, and its prompt", () => {
  expect(
    parse(
      [
        "name: db-expert",
        "description: Knows databases",
        "tools: Read, Grep, Edit, Bash(npm test:*)",
        "maxTurns: 5",
        "model: inherit",
        "color: blue",
      ].join("\n"),
      "You know databases.",
    ),
  ).toEqual({
    role: {
      ...{ name: "db-expert", description: "Knows databases", prompt: "You know databases." },
      ...{ source: "agents/helper.md", turnsMax: 5, shell: [["npm", "test"]] },
      tools: ["read", "grep", "edit", "patch", "shell", "finish"],
    },
    warnings: [],
  });
});

test("without tools it has all; some can be taken away", () => {
  expect(parse("name: a").role).not.toHaveProperty("tools");
  const { tools } = parse("disallowedTools: [Bash, Task]").role ?? {};
  expect(tools).toContain("edit");
  expect(tools).not.toContain("shell");
  expect(tools).not.toContain("task");
});

test("front matter that is no YAML is read line by line", () => {
  const { role, warnings } = parse(
    "name: a\ndescription: Use when: something broke\ntools:\n  - Read\n  - Glob",
  );
  expect(role).toMatchObject({ description: "Use when: something broke" });
  expect(role?.tools).toEqual(["read", "glob", "finish"]);
  expect(warnings).toEqual([]);
});

test("what is not understood is warned of; what is another program's is passed over", () => {
  const { warnings } = parse(
    "descripton: x\ntools: Read, WebFetch\npermissionMode: plan\nmodel: opus",
  );
  expect(warnings).toEqual([
    expect.stringMatching(/unknown key "descripton" \(did you mean description/),
    expect.stringContaining('there is no tool "WebFetch"'),
    expect.stringContaining("opus"),
  ]);
});

test.each([
  ["no front matter", "Just text."],
  ["a front matter without an end", "---\nname: a\n"],
  ["no prompt", "---\nname: a\n---\n"],
  ["a name that is none", "---\nname: ../../x\n---\nHi.\n"],
])("a file with %s is left out with a warning", (_, text) => {
  const read = parseRoleFile({ source: "a.md", text });
  expect(read.role).toBeUndefined();
  expect(read.warnings).toHaveLength(1);
});

test("front matter is never run", () => {
  const text = "---js\nprocess.exit(3)\n---\nHi.\n";
  expect(parseRoleFile({ source: "a.md", text }).role).toBeUndefined();
  const tagged = parse("name: !!js/function 'function () { process.exit(3) }'");
  expect(tagged.warnings.length + (tagged.role === undefined ? 0 : 1)).toBeGreaterThan(0);
});

test("the nearest of a name wins, and those of the repository are named for its trust", async () => {
  const folder = scratchFolder();
  const write = (place: string, name: string, prompt: string) => {
    mkdirSync(path.join(folder, place), { recursive: true });
    writeFileSync(path.join(folder, place, `${name}.md`), `---\nname: ${name}\n---\n${prompt}\n`);
  };
  write("repo/.pleach/agents", "one", "nearest");
  write("repo/.claude/agents", "one", "further");
  write("repo/.claude/agents", "two", "of the repository");
  write("config/pleach/agents", "two", "of the user");
  write("config/pleach/agents", "three", "of the user");
  write("home/.claude/agents", "coder", "another coder");
  symlinkSync("/etc/passwd", path.join(folder, "repo/.pleach/agents/four.md"));
  const places = { repository: "repo", configHome: "config", home: "home" };
  const at = (name: string) => path.join(folder, name);
  const read = await readRoles({
    ...{ repository: at(places.repository), configHome: at(places.configHome) },
    home: at(places.home),
  });
  expect(read.roles.map(({ name, prompt }) => [name, prompt])).toEqual([
    ["one", "nearest"],
    ["two", "of the repository"],
    ["three", "of the user"],
    ["coder", "another coder"],
  ]);
  expect(read.files.map(({ source }) => source)).toEqual([
    ".pleach/agents/one.md",
    ".claude/agents/one.md",
    ".claude/agents/two.md",
  ]);
  expect(read.warnings).toEqual([expect.stringContaining("four.md is no plain file")]);
  const all = await withBuiltInRoles(read.roles);
  expect(all.filter(({ name }) => name === "coder")).toMatchObject([{ prompt: "another coder" }]);
  expect(all).toHaveLength(3 + 9);
});

test("a tester's shell reads and runs tests, and nothing else", async () => {
  const scene = await agentScene(
    byAgent({
      tester: [
        {
          calls: [
            ["shell", { command: "cat a.txt | head -1" }],
            ["shell", { command: "rm a.txt" }],
            ["shell", { command: "cat a.txt > b.txt" }],
            ["shell", { command: "cat a.txt; touch b.txt" }],
            ["write", { path: "b.txt", content: "" }],
          ],
        },
      ],
    }),
  );
  await scene.work({ agents: ["tester"] });
  const results = transcriptLines(scene, "tester", "result");
  expect(results.map(({ failed }) => failed)).toEqual([false, true, true, true, true]);
  expect(readdirSync(scene.place.worktree)).toEqual(["a.txt"]);
});

test("a subagent has no tool that its parent has not, but those among agents", async () => {
  const scene = await agentScene(
    byAgent({
      researcher: [{ calls: [["task", { description: "Change it.", subagent_type: "coder" }]] }],
    }),
  );
  await scene.work({ agents: ["researcher"] });
  const tools = scene.model.asked.find(({ agent }) => agent === "researcher.1")?.request.tools;
  expect(tools?.map(({ name }) => name)).toEqual([
    ...["read", "list", "glob", "grep", "task", "message", "inbox"],
    ...["context_read", "context_write", "ask", "finish"],
  ]);
});
