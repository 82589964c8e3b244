/** Agents at work in the built program, one run of many units: what they do to files, to each other and for people to see. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AgentDocument } from "../../src/view/agents.ts";
import type { FinalDocument } from "../../src/view/document.ts";
import { brokenPromises } from "../support/kept-promises.ts";
import {
  expectScripted,
  type ModelScene,
  makeModelScene,
  requestsOf,
  resultsTold,
  runPlan,
  type Said,
  script,
  unitCalled,
  wordsOf,
} from "../support/model-run.ts";
import type { ModelFixture } from "../support/model-server.ts";
import { planned, unitIn } from "../support/scene.ts";

const edit = (file: string, old: string, now: string): Said => ({
  calls: [["edit", { path: file, edits: [{ old, new: now }] }]],
});
const write = (file: string, content: string): Said => ({
  calls: [["write", { path: file, content }]],
});
const read = (file: string): Said => ({ calls: [["read", { path: file }]] });
const task = (description: string, more: object = {}): Said => ({
  calls: [["task", { description, ...more }]],
});

const units: Readonly<Record<string, readonly ModelFixture[]>> = {
  alpha: script(unitCalled("alpha"), [
    read("alpha.txt"),
    edit("alpha.txt", "a", "alpha"),
    { text: "Alpha says alpha." },
  ]),
  beta: [
    ...script(unitCalled("beta"), [
      read("beta.txt"),
      edit("beta.txt", "b", "broken"),
      { calls: [["finish", { data: { file: "beta.txt" } }]] },
    ]),
    ...script(
      "no such word as mended",
      [edit("beta.txt", "broken", "mended"), { text: "Mended." }],
      { from: 3 },
    ),
  ],
  nest: [
    ...script(unitCalled("nest"), [task("LEVEL ONE"), { text: "Nested." }]),
    ...script("LEVEL ONE", [
      task("LEVEL TWO", { subagent_type: "coder" }),
      { text: "one is done" },
    ]),
    ...script("LEVEL TWO", [task("LEVEL THREE"), { text: "two is done" }]),
    ...script("LEVEL THREE", [
      { calls: [["write", { path: "nest/deep.txt", content: "deep\n" }]] },
      task("LEVEL FOUR"),
      { text: "three is done" },
    ]),
  ],
  many: [
    ...script(unitCalled("many"), [
      {
        calls: [
          ["task", { description: "MANY ONE" }],
          ["task", { description: "MANY TWO", subagent_type: "general-purpose" }],
          ["task", { description: "MANY THREE", background: true }],
        ],
      },
      { text: "I wait." },
    ]),
    ...script("coder.3 has ended", [{ text: "All three." }], { from: 1 }),
    ...script("coder.3 has ended", [{ text: "All three." }], { from: 2 }),
    ...script("MANY ONE", [write("many/1.txt", "1\n"), { text: "one wrote" }]),
    ...script("MANY TWO", [{ calls: [["finish", { data: { two: 2 } }]] }]),
    ...script("MANY THREE", [
      { ...write("many/3.txt", "3\n"), latency: 400 },
      { text: "three wrote" },
    ]),
  ],
  gated: [
    ...script(unitCalled("gated"), [write("gated.txt", "bad\n"), { text: "I think it is good." }], {
      system: "You are a coder",
    }),
    ...script(
      unitCalled("gated"),
      [{ calls: [["finish", { verdict: "refused", reasons: ["gated.txt says bad"] }]] }],
      { system: "You are a reviewer" },
    ),
    ...script(
      "gated.txt says bad",
      [edit("gated.txt", "bad", "good"), { text: "It says good now." }],
      { from: 2 },
    ),
    ...script("Do your part again", [{ calls: [["finish", { verdict: "approved" }]] }], {
      from: 1,
    }),
  ],
  study: script(unitCalled("study"), [
    {
      calls: [["context_write", { key: "word", value: { is: "plover" } }]],
    },
    { text: "The word stands in the shared context." },
  ]),
  use: script(unitCalled("use"), [
    { calls: [["context_read", { key: "word" }]] },
    write("use.txt", "plover\n"),
    { text: "Used." },
  ]),
  ways: [
    ...["first", "second"].map(
      (word, sequenceIndex): ModelFixture => ({
        match: { userMessage: unitCalled("ways"), turnIndex: 0, sequenceIndex },
        response: {
          toolCalls: [{ name: "write", arguments: { path: "ways.txt", content: `${word}\n` } }],
        },
      }),
    ),
    ...script(unitCalled("ways"), [{ text: "A way." }], { from: 1 }),
    ...script(
      "# Approach 2",
      [{ calls: [["choose", { attempt: 2, why: "it is the plainer one" }]] }],
      { system: "You are a judge" },
    ),
  ],
  stray: script(unitCalled("stray"), [
    write("alpha.txt", "mine\n"),
    { calls: [["claim", { paths: ["shared.txt"] }]] },
    { calls: [["claim", { paths: ["beta.txt"] }]] },
    { calls: [["claim", { paths: ["locked.txt"] }]] },
    write("shared.txt", "claimed\n"),
    { text: "Claimed one." },
  ]),
};

const kept = { kept: ["refs/heads/pleach/"] };

const files = {
  "alpha.txt": "a\n",
  "beta.txt": "b\n",
  "locked.txt": "l\n",
  "AGENTS.md": "Always say please.\n",
};

let scene: ModelScene;
let document: FinalDocument;
let run: Awaited<ReturnType<ModelScene["type"]>>;

beforeAll(async () => {
  scene = await makeModelScene({
    fixtures: Object.values(units).flat(),
    files,
    config: { limits: { attempts: 1, concurrency: 6 }, protected: ["locked.txt"] },
    shared: true,
  });
  writeFileSync(path.join(scene.repository.path, "AGENTS.md"), "Never say please.\n");
  const plan = scene.plan({
    context: "Small steps.",
    units: [
      planned("alpha"),
      planned("beta", {
        checks: ["grep -q mended beta.txt || { echo no such word as mended; exit 1; }"],
      }),
      planned("nest", { owns: ["nest/**"] }),
      planned("many", { owns: ["many/**"] }),
      planned("gated", { agent: ["coder", "reviewer"] }),
      planned("study", { owns: [], agent: "researcher" }),
      planned("use", { after: ["study"] }),
      planned("ways", { approaches: 2 }),
      planned("stray"),
    ],
  });
  const made = ["use.txt", "gated.txt", "ways.txt", "shared.txt", "nest", "nest/deep.txt"];
  const more = ["many", "many/1.txt", "many/3.txt"];
  const asked = await scene.ask(runPlan(plan), {
    ...kept,
    lands: { paths: ["alpha.txt", "beta.txt", ...made, ...more] },
  });
  run = asked;
  document = asked.document;
}, 120_000);
afterAll(() => scene.server.stop());

function agentsOf(id: string): readonly AgentDocument[] {
  return unitIn(document, id).agents;
}

function treeOf(id: string) {
  return agentsOf(id).map(({ id: agent, parent, role, status }) => [agent, parent, role, status]);
}

/** Results that the agents of one conversation were told, in order. */
async function told(listener: string): Promise<readonly string[]> {
  const requests = await requestsOf(scene.server, listener);
  return requests.flatMap(resultsTold);
}

describe("a run of agents", () => {
  it("lands the real edits of all units, and keeps every promise", async () => {
    await expectScripted(scene.server);
    expect(document.units.map(({ id, status, reason }) => [id, status, reason])).toEqual(
      Object.keys(units).map((id) => [id, "merged", null]),
    );
    expect({ code: run.code, outcome: document.outcome }).toEqual({ code: 0, outcome: "complete" });
    const texts = ["alpha", "beta", "gated", "use", "ways", "shared", "nest/deep", "many/3"];
    expect(texts.map((name) => scene.repository.read(`${name}.txt`))).toEqual([
      ...["alpha\n", "mended\n", "good\n", "plover\n"],
      expect.stringMatching(/^(first|second)\n$/),
      ...["claimed\n", "deep\n", "3\n"],
    ]);
    const place = { checkout: scene.repository.path, stateHome: scene.stateHome };
    expect(await brokenPromises(place, document)).toEqual([]);
  });

  it("shows who works below whom, how far each is, and what it spent", async () => {
    expect(treeOf("nest")).toEqual([
      ["coder", null, "coder", "completed"],
      ["coder.1", "coder", "general", "completed"],
      ["coder.1.1", "coder.1", "coder", "completed"],
      ["coder.1.1.1", "coder.1.1", "general", "completed"],
    ]);
    expect(treeOf("many").map(([agent, parent]) => [agent, parent])).toEqual([
      ["coder", null],
      ["coder.1", "coder"],
      ["coder.2", "coder"],
      ["coder.3", "coder"],
    ]);
    const [first] = agentsOf("nest");
    expect(first).toMatchObject({ turns: 2, said: "Nested.", estimated: false, kind: "spawn" });
    for (const unit of document.units) {
      const tokens = (of: { readonly inputTokens: number; readonly outputTokens: number }) =>
        of.inputTokens + of.outputTokens;
      const sum = unit.agents.reduce((before, { spend }) => before + tokens(spend), 0);
      expect([unit.id, tokens(unit.spend)]).toEqual([unit.id, sum]);
      expect(sum).toBeGreaterThan(0);
    }
    const { stdout } = await scene.type(["status", "--context"], kept);
    expect(stdout).toMatch(/^ +nest\/coder\.1\.1\.1 +general +completed +3 turns +[\d,]+ tokens/m);
    expect(stdout).toContain('word = {"is":"plover"}  (study/researcher)');
    const asked = await scene.ask<FinalDocument>(["status"], kept);
    expect(asked.document.units.map(({ agents }) => agents)).toEqual(
      document.units.map(({ agents }) => agents),
    );
  });

  it("prints a transcript so that a person can read it", async () => {
    const { stdout } = await scene.type(["logs", "stray"], kept);
    const lines = [
      "coder (coder) begins",
      '[0] write {"path":"alpha.txt","content":"mine\\n"}',
      "Error: alpha.txt belongs to the unit alpha",
      "you may change shared.txt now",
      "Claimed one.",
    ];
    const places = lines.map((line) => stdout.indexOf(line));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places).not.toContain(-1);
    const many = (await scene.type(["logs", "many"], kept)).stdout;
    expect(many).toMatch(/\[2\] starts coder\.3 in the background/);
    expect(many.match(/^[\d:]+ coder\S* \(.*\) begins$/gm)?.map((line) => line.slice(9))).toEqual([
      "coder (coder) begins",
      ...[1, 2, 3].map((number) => `coder.${number} (general, below coder) begins`),
    ]);
  });

  it("tells an agent its unit, the conventions at the base, and what the units before it said", async () => {
    const [request] = await requestsOf(scene.server, unitCalled("use"));
    const words = request === undefined ? "" : wordsOf(request);
    for (const said of ["Make it better", "Small steps.", "Change use.", "- use.txt"]) {
      expect(words).toContain(said);
    }
    expect(words).toMatch(/<data \w+: AGENTS\.md\. [^>]*>\nAlways say please\./);
    expect(words).not.toContain("Never say please.");
    expect(words).toMatch(
      /<data \w+: unit study\. [^>]*>\nThe word stands in the shared context\./,
    );
    expect((await told(unitCalled("use")))[0]).toContain(
      '{"value":{"is":"plover"},"by":"study/researcher"',
    );
  });

  it("lets subagents go three deep, and says what to do at the limit", async () => {
    expect((await told("LEVEL THREE")).at(-1)).toBe(
      "Error: subagents may be nested 3 deep, and you are at that depth: do it yourself",
    );
    const [, second] = await requestsOf(scene.server, unitCalled("nest"));
    const report = second === undefined ? [] : resultsTold(second);
    expect(report).toEqual([expect.stringContaining('"agentId":"coder.1","status":"completed"')]);
    expect(report[0]).toContain('"summary":"one is done"');
    expect(report[0]).not.toContain("three is done");
  });

  it("works on several tasks of one turn at once, and is told of the one in the background later", async () => {
    const many = await requestsOf(scene.server, unitCalled("many"));
    const [one = "", two = "", three = ""] = many[1] === undefined ? [] : resultsTold(many[1]);
    expect(one).toContain('"summary":"one wrote"');
    expect(two).toContain('"data":{"two":2}');
    expect(three).toBe("coder.3 works in the background; you will be told of its end.");
    expect(many.at(-1)?.body.messages.at(-1)).toMatchObject({
      role: "user",
      content: expect.stringContaining('"summary":"three wrote"'),
    });
    const begun = (await scene.server.requests()).map((each) => wordsOf(each));
    const at = (description: string) => begun.findIndex((words) => words.includes(description));
    expect(at("MANY THREE")).toBeLessThan(begun.findIndex((words) => words.includes("one wrote")));
  });

  it("gives a reviewer's refusal back to the coder, until the reviewer approves", () => {
    expect(treeOf("gated")).toEqual([
      ["coder", null, "coder", "completed"],
      ["reviewer", null, "reviewer", "completed"],
    ]);
    expect(agentsOf("gated").map(({ turns, kind }) => [turns, kind])).toEqual([
      [4, "resume"],
      [2, "resume"],
    ]);
    expect(unitIn(document, "gated").summary).toBe("It says good now.");
  });

  it("refuses a write outside of what the unit owns, and grants a claim of what nobody owns", async () => {
    expect(await told(unitCalled("stray"))).toEqual([
      expect.stringMatching(/^Error: alpha\.txt belongs to the unit alpha: .*message/),
      "you may change shared.txt now",
      expect.stringMatching(/^Error: not granted: beta\.txt belongs to the unit beta\b/),
      "Error: not granted: locked.txt is protected.",
      expect.stringContaining("shared.txt is made"),
    ]);
    expect(unitIn(document, "stray").changed).toEqual(["shared.txt"]);
  });

  it("gives the output of a red check to the model until it is green, whatever the model says", async () => {
    const beta = await requestsOf(scene.server, unitCalled("beta"));
    expect(beta[3]?.body.messages.at(-1)).toMatchObject({
      role: "user",
      content: expect.stringContaining("no such word as mended"),
    });
    expect(agentsOf("beta")).toMatchObject([{ status: "completed", turns: 5 }]);
    expect(unitIn(document, "beta").attempts).toBe(1);
  });

  it("lets a judge choose between approaches, and keeps the other as a snapshot", async () => {
    const { summary, attempts } = unitIn(document, "ways");
    expect(attempts).toBe(2);
    expect(summary).toContain("approach 2 was chosen of 1, 2: it is the plainer one");
    const words = await Promise.all(
      [1, 2].map((attempt) =>
        scene.repository.git("show", `refs/pleach/${document.run}/ways/${attempt}:ways.txt`),
      ),
    );
    expect([...words].sort()).toEqual(["first", "second"]);
    expect(scene.repository.read("ways.txt")).toBe(`${words[1]}\n`);
    expect(treeOf("ways").map(([agent]) => agent)).toEqual(
      expect.arrayContaining(["coder", "coder", "judge"]),
    );
    expect(unitIn(document, "ways").agents.find(({ id }) => id === "judge")?.said).toContain(
      "it is the plainer one",
    );
    const logs = await scene.ask<{ attempt: number }>(["logs", "ways"], { kept: [] });
    expect(logs.document.attempt).toBe(2);
    const status = await scene.type(["status"], { kept: [] });
    expect(status.stdout).toMatch(/ways\/coder, way 1 /);
    expect(status.stdout).toMatch(/ways\/coder, way 2 \(chosen\) /);
  });
});
