/** The agents that a repository brings along, and what people say to agents at work. */
import { expect, test } from "vitest";
import type { FinalDocument } from "../../src/view/document.ts";
import type { RolesDocument } from "../../src/view/roles.ts";
import { eventually } from "../support/eventually.ts";
import { runsOf } from "../support/killed-run.ts";
import {
  expectScripted,
  makeModelScene,
  requestsOf,
  resultsTold,
  runPlan,
  script,
  transcriptsOf,
  unitCalled,
  wordsOf,
} from "../support/model-run.ts";
import { type ErrorDocument, planned, unitIn } from "../support/scene.ts";

const gardener = `---
name: gardener
description: Keeps the hedges short
tools: Read, Edit, Write, Grep, Bash(ls:*)
model: sonnet
color: green
wheelbarrow: red
---
You are a gardener. You cut hedges.
`;

test("a repository's own agent works once it is trusted, with the tools that it names", async () => {
  const scene = await makeModelScene({
    fixtures: script(
      unitCalled("hedge"),
      [
        { calls: [["task", { description: "cut it for me" }]] },
        { calls: [["shell", { command: "rm -rf hedge.txt" }]] },
        { calls: [["read", { path: "hedge.txt" }]] },
        { calls: [["edit", { path: "hedge.txt", edits: [{ old: "long", new: "short" }] }]] },
        { text: "Cut." },
      ],
      { system: "You are a gardener. You cut hedges." },
    ),
    files: { ".claude/agents/gardener.md": gardener, "hedge.txt": "long\n" },
  });
  const listed = await scene.ask<RolesDocument>(["agents"]);
  expect(listed.document.agents.find(({ name }) => name === "gardener")).toEqual({
    name: "gardener",
    description: "Keeps the hedges short",
    tools: expect.arrayContaining(["read", "edit", "write", "grep", "shell", "finish"]),
    model: null,
    aliases: [],
    source: ".claude/agents/gardener.md",
  });
  expect(listed.document.agents.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["coder", "researcher", "reviewer", "tester", "guide"]),
  );
  expect(listed.stderr).toContain('unknown key "wheelbarrow"');
  expect(listed.stderr).not.toContain("color");
  expect((await scene.type(["agents"])).stdout).toMatch(
    /^gardener +\.claude\/agents\/gardener\.md +.*Keeps the hedges short$/m,
  );

  const plan = scene.plan({ units: [planned("hedge", { agent: "gardener" })] });
  const untrusted = await scene.ask<ErrorDocument>(["run", "--plan", plan, "--sandbox", "none"]);
  expect(untrusted.code).toBe(4);
  expect(untrusted.stderr).toContain(".claude/agents/gardener.md");
  expect(await scene.server.requests()).toEqual([]);

  const { code, document } = await scene.ask<FinalDocument>(runPlan(plan), {
    lands: { paths: ["hedge.txt"] },
  });
  await expectScripted(scene.server);
  expect(code).toBe(0);
  expect(scene.repository.read("hedge.txt")).toBe("short\n");
  expect(unitIn(document, "hedge").agents).toMatchObject([{ id: "gardener", role: "gardener" }]);
  const requests = await requestsOf(scene.server, unitCalled("hedge"));
  const told = requests.flatMap(resultsTold);
  expect(told[0]).toMatch(/^Error: there is no tool "task"/);
  expect(told[1]).toMatch(/^Error: shell is not allowed here: .*gardener runs only ls/);
});

test("an agent that nobody knows is an error of the plan, with the nearest that there is", async () => {
  const scene = await makeModelScene({ fixtures: script("nobody", [{ text: "?" }]) });
  const plan = scene.plan({
    units: [planned("a", { agent: ["researcher", "codr"] }), planned("b", { agent: "gardener" })],
  });
  const { code, document, stderr } = await scene.ask<ErrorDocument>(runPlan(plan));
  expect(code).toBe(2);
  expect(document.error).toMatchObject({ code: "plan_wrong" });
  expect(stderr).toContain("units[0].agent: there is no agent codr (did you mean coder?)");
  expect(stderr).toContain("units[1].agent: there is no agent gardener");
});

test("what a person or another unit says to an agent is read by it in its next turn", async () => {
  const scene = await makeModelScene({
    fixtures: [
      ...script(unitCalled("hears"), [{ calls: [["inbox", { wait: 60 }]] }]),
      ...script(
        "Paint it blue.",
        [{ calls: [["write", { path: "hears.txt", content: "blue\n" }]] }, { text: "Blue." }],
        { from: 1 },
      ),
      ...script(unitCalled("other"), [{ calls: [["inbox", { wait: 60 }]] }]),
      // It may be heard in the first turn already, or only by the call that waits for it.
      ...script("Paint it red.", [
        { calls: [["write", { path: "other.txt", content: "red\n" }]] },
        { calls: [["write", { path: "other.txt", content: "red\n" }]] },
        { text: "Red." },
      ]),
      ...script(unitCalled("says"), [
        { calls: [["message", { to: "other", text: "Paint it red." }]] },
        { calls: [["message", { to: "nobody", text: "Hello?" }]] },
        { calls: [["write", { path: "says.txt", content: "said\n" }]] },
        { text: "Said." },
      ]),
    ],
  });
  const ids = ["hears", "other", "says"];
  const plan = scene.plan({ units: ids.map((id) => planned(id)) });
  const going = scene.start([...runPlan(plan, "--land", "never"), "--json"]);
  const place = { repository: scene.repository, folder: "", plan: "", stateHome: scene.stateHome };
  const waits = () => {
    const [run = ""] = runsOf(place);
    const lines = transcriptsOf(scene, run).get("hears/coder") ?? [];
    return lines.some(({ type }) => type === "answered");
  };
  await eventually(waits);
  const said = await scene.type(["message", "hears", "Paint", "it", "blue."], { meanwhile: true });
  expect(said.code).toBe(0);
  const ended = await going.ended;
  await expectScripted(scene.server);
  const document = JSON.parse(ended.stdout) as FinalDocument;
  expect({ code: ended.code, outcome: document.outcome }).toEqual({ code: 0, outcome: "complete" });
  const show = (id: string) => scene.repository.git("show", `${document.integration}:${id}.txt`);
  expect(await Promise.all(ids.map(show))).toEqual(["blue", "red", "said"]);
  const heard = (await requestsOf(scene.server, unitCalled("hears"))).at(-1);
  expect(heard === undefined ? "" : wordsOf(heard)).toContain("Paint it blue.");
  const other = (await requestsOf(scene.server, unitCalled("other"))).at(-1);
  // What another agent says stands in a fence; what a person says does not.
  expect(other === undefined ? "" : wordsOf(other)).toMatch(
    /<data \w+: [^>]*says\/coder[^>]*>\nPaint it red\.\n<\/data/,
  );
  const told = (await requestsOf(scene.server, unitCalled("says"))).flatMap(resultsTold);
  expect(told[0]).toBe("sent to other");
  expect(told[1]).toMatch(/^Error: .*nobody/);
});
