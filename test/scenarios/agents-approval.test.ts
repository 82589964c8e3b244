/** What an agent may do only once a person has agreed: to exactly that, and with nothing paid twice over the wait. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import type { FinalDocument } from "../../src/view/document.ts";
import {
  expectScripted,
  type ModelScene,
  makeModelScene,
  paidTwice,
  requestsOf,
  resultsTold,
  runPlan,
  type Said,
  script,
  unitCalled,
} from "../support/model-run.ts";
import { type ErrorDocument, planned, unitIn } from "../support/scene.ts";

const waits = { kept: ["refs/heads/pleach/"], keepsWorktrees: true };
const shell = (command: string): Said => ({ calls: [["shell", { command }]] });
const write = (file: string, content: string): Said => ({
  calls: [["write", { path: file, content }]],
});

async function told(scene: ModelScene, listener: string): Promise<readonly string[]> {
  return (await requestsOf(scene.server, listener)).flatMap(resultsTold);
}

function waiting({ approvals }: FinalDocument) {
  return approvals
    .filter(({ answer }) => answer === null)
    .map(({ id, unit, agent, kind, content }) => ({ id, unit, agent, kind, content }));
}

test("a run waits for a person where nobody is there, and goes on from the very same conversation", async () => {
  const scene = await makeModelScene({
    fixtures: [
      ...script(unitCalled("yes"), [
        write("yes.txt", "one\n"),
        shell("echo two >> yes.txt"),
        shell("echo three >> yes.txt"),
        { text: "Three lines." },
      ]),
      ...script(unitCalled("no"), [
        {
          calls: [
            ["shell", { command: "echo bad > no.txt" }],
            ["list", { path: "." }],
          ],
        },
        write("no.txt", "by hand\n"),
        { text: "Without a shell." },
      ]),
      ...script(unitCalled("colour"), [
        { calls: [["ask", { question: "Which colour?" }]] },
        write("colour.txt", "blue\n"),
        { text: "Painted." },
      ]),
      ...script(unitCalled("free"), [write("free.txt", "free\n"), { text: "Nothing asked." }]),
    ],
    config: { tools: { "*": { ask: ["shell"] } }, limits: { attempts: 1 } },
  });
  const ids = ["yes", "no", "colour", "free"];
  const plan = scene.plan({ units: ids.map((id) => planned(id)) });
  const first = await scene.ask<FinalDocument>(runPlan(plan), waits);
  expect(first.code).toBe(4);
  expect(first.document.outcome).toBe("awaiting_approval");
  expect(first.document.units.map(({ id, status }) => [id, status])).toEqual([
    ["yes", "awaiting_approval"],
    ["no", "awaiting_approval"],
    ["colour", "awaiting_approval"],
    ["free", "merged"],
  ]);
  const open = waiting(first.document);
  expect(open.map(({ id: _, ...rest }) => rest).sort((a, b) => (a.unit < b.unit ? -1 : 1))).toEqual(
    [
      { unit: "colour", agent: "coder", kind: "question", content: "Which colour?" },
      {
        unit: "no",
        agent: "coder",
        kind: "tool",
        content: 'shell {"command":"echo bad > no.txt"}',
      },
      {
        unit: "yes",
        agent: "coder",
        kind: "tool",
        content: 'shell {"command":"echo two >> yes.txt"}',
      },
    ],
  );
  const idOf = (unit: string) => open.find((one) => one.unit === unit)?.id ?? "";
  const { stdout } = await scene.type(["status"], waits);
  expect(stdout).toContain(`pleach approve ${idOf("yes")}`);
  expect(stdout).toContain("echo two >> yes.txt");

  const unanswered = await scene.ask<FinalDocument>(["resume"], waits);
  expect({ code: unanswered.code, open: waiting(unanswered.document) }).toEqual({ code: 4, open });
  const paid = (await scene.server.requests()).length;

  expect((await scene.type(["approve", idOf("yes")], waits)).code).toBe(0);
  expect((await scene.type(["approve", idOf("colour"), "blue"], waits)).code).toBe(0);
  expect((await scene.type(["deny", idOf("no"), "too", "dangerous"], waits)).code).toBe(0);
  expect(await scene.server.requests()).toHaveLength(paid);
  const second = await scene.ask<FinalDocument>(["resume"], waits);
  // Another command is another question.
  expect({ code: second.code, outcome: second.document.outcome }).toEqual({
    code: 4,
    outcome: "awaiting_approval",
  });
  const [next, ...more] = waiting(second.document);
  expect(more).toEqual([]);
  expect(next).toMatchObject({ unit: "yes", content: 'shell {"command":"echo three >> yes.txt"}' });

  expect((await scene.type(["approve", next?.id ?? ""], waits)).code).toBe(0);
  const third = await scene.ask<FinalDocument>(["resume"], {
    ...waits,
    keepsWorktrees: false,
    lands: { paths: ids.map((id) => `${id}.txt`) },
  });
  await expectScripted(scene.server);
  expect({ code: third.code, outcome: third.document.outcome }).toEqual({
    code: 0,
    outcome: "complete",
  });
  expect(ids.map((id) => scene.repository.read(`${id}.txt`))).toEqual([
    "one\ntwo\nthree\n",
    "by hand\n",
    "blue\n",
    "free\n",
  ]);
  expect(await told(scene, unitCalled("no"))).toEqual([
    expect.stringMatching(/^Error: a person has denied this call: too dangerous\./),
    expect.stringContaining("README.md"),
    expect.stringContaining("no.txt is made"),
  ]);
  expect((await told(scene, unitCalled("colour")))[0]).toBe("yes: blue");
  expect(await paidTwice(scene.server)).toEqual([]);
  expect(await scene.server.requests()).toHaveLength(4 + 3 + 3 + 2);
  expect(unitIn(third.document, "yes").agents).toHaveLength(1);
  expect(unitIn(third.document, "yes").agents).toMatchObject([{ turns: 4, status: "completed" }]);
});

test("a call that was changed after it was approved is asked again", async () => {
  const scene = await makeModelScene({
    fixtures: script(unitCalled("a"), [shell("echo good > a.txt"), { text: "Done." }]),
    config: { tools: { "*": { ask: ["shell"] } } },
  });
  const plan = scene.plan({ units: [planned("a")] });
  const first = await scene.ask<FinalDocument>(runPlan(plan), waits);
  const [open] = waiting(first.document);
  expect(open?.content).toBe('shell {"command":"echo good > a.txt"}');
  await scene.type(["approve", open?.id ?? ""], waits);
  const transcript = path.join(
    scene.repository.path,
    ".git/pleach/runs",
    first.document.run,
    "units/a/1/agents/coder.jsonl",
  );
  writeFileSync(transcript, readFileSync(transcript, "utf8").replaceAll("echo good", "echo evil"));
  const second = await scene.ask<FinalDocument>(["resume"], waits);
  expect(second.code).toBe(4);
  const [again] = waiting(second.document);
  expect(again?.id).not.toBe(open?.id);
  expect(again?.content).toBe('shell {"command":"echo evil > a.txt"}');
  await scene.type(["deny", again?.id ?? ""], waits);
  const { code, document } = await scene.ask<FinalDocument>(["resume"], waits);
  // Nothing was changed: the command never ran.
  expect({ code, reason: unitIn(document, "a").reason?.type }).toEqual({
    code: 1,
    reason: "no_change",
  });
});

test("where approval is required nobody begins without it, no subagent either, and --yes gives it", async () => {
  const fixtures = [
    ...script(unitCalled("a"), [
      { calls: [["task", { description: "WRITE IT" }]] },
      { text: "It was written." },
    ]),
    ...script("WRITE IT", [shell("echo a > a.txt"), { text: "written" }]),
  ];
  const config = { approval: "required", tools: { general: { ask: ["shell"] } } };
  const scene = await makeModelScene({ fixtures, config });
  const plan = scene.plan({ units: [planned("a")] });
  const { asked, last } = await approveEach(scene, plan);
  expect(asked).toEqual([
    [null, "unit", "Change a.", 0],
    ["coder", "agent", 'task {"description":"WRITE IT"}', 1],
    ["coder.1", "tool", 'shell {"command":"echo a > a.txt"}', 2],
  ]);
  expect(last.code).toBe(0);
  expect(await paidTwice(scene.server)).toEqual([]);
  expect(await scene.server.requests()).toHaveLength(4);

  const willing = await makeModelScene({ fixtures, config });
  const { code, document } = await willing.ask<FinalDocument>(
    runPlan(willing.plan({ units: [planned("a")] }), "-y"),
    { lands: { paths: ["a.txt"] } },
  );
  expect(code).toBe(0);
  expect(document.approvals.map(({ kind, answer }) => [kind, answer])).toEqual([
    ["unit", "approved"],
    ["agent", "approved"],
    ["tool", "approved"],
  ]);
});

test("where approval is required each further agent of a unit waits for it too, once", async () => {
  const heard = unitCalled("a");
  const scene = await makeModelScene({
    fixtures: [
      ...script(heard, [{ text: "It is missing." }], { system: "You are a researcher" }),
      ...script(heard, [write("a.txt", "a\n"), { text: "Made it." }], {
        system: "You are a coder",
      }),
    ],
    config: { approval: "required" },
  });
  const plan = scene.plan({ units: [planned("a", { agent: ["researcher", "coder"] })] });
  const { asked, last } = await approveEach(scene, plan);
  const after = [{ role: "researcher", summary: "It is missing." }];
  expect(asked).toEqual([
    [null, "unit", "Change a.", 0],
    ["coder", "agent", `coder ${JSON.stringify({ after })}`, 1],
  ]);
  expect(last.code).toBe(0);
  expect(await scene.server.requests()).toHaveLength(3);
  expect(await paidTwice(scene.server)).toEqual([]);
});

test("what a unit or a role wants of approvals holds for their agents in a run that wants none", async () => {
  const careful = "---\ndescription: Deletes\napproval: required\n---\nYou are careful.\n";
  const scene = await makeModelScene({
    fixtures: [
      ...script(unitCalled("a"), [
        { calls: [["task", { description: "WRITE IT" }]] },
        { calls: [["task", { description: "CHECK IT", subagent_type: "careful" }]] },
        { text: "It was written." },
      ]),
      ...script("WRITE IT", [write("a.txt", "a\n"), { text: "written" }]),
      ...script("CHECK IT", [{ text: "checked" }]),
      ...script(unitCalled("b"), [write("b.txt", "b\n"), { text: "Done." }]),
    ],
    files: { ".pleach/agents/careful.md": careful },
  });
  const b = planned("b", { agent: ["careful"], after: ["a"] });
  const plan = scene.plan({ units: [planned("a", { approval: "required" }), b] });
  const { asked, last } = await approveEach(scene, plan, ["a.txt", "b.txt"]);
  expect(asked.map((each) => each.slice(0, 3))).toEqual([
    [null, "unit", "Change a."],
    ["coder", "agent", 'task {"description":"WRITE IT"}'],
    ["coder", "agent", 'task {"description":"CHECK IT","subagent_type":"careful"}'],
    ["careful", "agent", "careful on b"],
  ]);
  expect(last.code).toBe(0);
  expect(await paidTwice(scene.server)).toEqual([]);
});

test("an answer to what nobody asked is an error that says what there is", async () => {
  const scene = await makeModelScene({
    fixtures: script(unitCalled("a"), [shell("echo good > a.txt"), { text: "Done." }]),
    config: { tools: { "*": { ask: ["shell"] } } },
  });
  await scene.ask<FinalDocument>(runPlan(scene.plan({ units: [planned("a")] })), waits);
  const { code, document } = await scene.ask<ErrorDocument>(["approve", "b-1"], waits);
  expect(code).toBe(2);
  expect(document.error.message).toContain("b-1");
});

/** Runs until nobody waits any more; each question with how many calls of the model came before it. */
async function approveEach(scene: ModelScene, plan: string, paths = ["a.txt"]) {
  let last = await scene.ask<FinalDocument>(runPlan(plan), waits);
  const asked: (readonly unknown[])[] = [];
  for (let round = 0; round < 5 && last.code === 4; round += 1) {
    const [open] = waiting(last.document);
    asked.push([open?.agent, open?.kind, open?.content, (await scene.server.requests()).length]);
    await scene.type(["approve", open?.id ?? ""], waits);
    last = await scene.ask<FinalDocument>(["resume"], { ...waits, lands: { paths } });
  }
  return { asked, last };
}
