/** Agents of a unit one after the other, and the gate among them. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { agentScene, sceneIn, transcriptLines } from "../support/agent-scene.ts";
import { eventually } from "../support/eventually.ts";
import { answersIn, byAgent, type Turn } from "../support/scripted-model.ts";

const verdict = (given: object): Turn => ({ calls: [["finish", given]] });
const write = (content: string): Turn => ({ calls: [["write", { path: "b.txt", content }]] });

test("each is given what the one before worked out, and the last that is no gate speaks", async () => {
  const scene = await agentScene(
    byAgent({
      researcher: [{ text: "It is in a.txt." }],
      coder: [write("b\n"), { text: "I wrote b.txt." }],
      reviewer: [verdict({ verdict: "approved" })],
    }),
  );
  const outcome = await scene.work({ agents: ["researcher", "coder", "reviewer"] });
  expect(outcome).toEqual({ type: "done", summary: "I wrote b.txt.", artifacts: [] });
  const heard = (agent: string) =>
    JSON.stringify(scene.model.asked.find((one) => one.agent === agent)?.request.messages);
  expect(heard("coder")).toContain("It is in a.txt.");
  expect(heard("reviewer")).toContain("I wrote b.txt.");
});

test("only who may change files is asked for green checks", async () => {
  const scene = await agentScene(byAgent({ coder: [write("b\n")] }));
  const checks = [{ name: "b", run: "test -f b.txt", timeoutMs: 10_000 }];
  const outcome = await scene.work({ agents: ["researcher", "coder"], checks });
  expect(outcome.type).toBe("done");
  expect(transcriptLines(scene, "researcher", "told")).toEqual([]);
});

test("a refusal goes back to the same coder with its reasons, and is judged again", async () => {
  const script = byAgent({
    coder: [write("bad\n"), { text: "first" }, write("good\n"), { text: "second" }],
    reviewer: [
      verdict({ verdict: "refused", reasons: ["b.txt is bad"] }),
      verdict({ verdict: "approved" }),
    ],
  });
  const scene = await agentScene(script);
  const outcome = await scene.work({ agents: ["coder", "reviewer"] });
  expect(outcome).toMatchObject({ type: "done", summary: "second" });
  expect(scene.file("b.txt")).toBe("good\n");
  const [resumed] = transcriptLines(scene, "coder", "resumed");
  expect(resumed?.text).toContain("b.txt is bad");
  // It may be why something is right as it is.
  expect(transcriptLines(scene, "reviewer", "resumed")[0]?.text).toContain("second");
  // A later process finds all of it done.
  const again = await sceneIn(scene.place, script);
  expect(await again.work({ agents: ["coder", "reviewer"] })).toEqual(outcome);
  expect(again.model.asked).toEqual([]);
});

test("after three rounds the attempt fails, naming the reasons", async () => {
  const scene = await agentScene((_, agent) =>
    agent === "reviewer"
      ? verdict({ verdict: "refused", reasons: ["still bad"] })
      : { text: "did what I could" },
  );
  expect(await scene.work({ agents: ["coder", "reviewer"] })).toMatchObject({
    ...{ type: "failed", reason: "worker_failed" },
    message: "the reviewer refused the work 4 times: still bad",
  });
  expect(transcriptLines(scene, "coder", "ended")).toHaveLength(4);
});

test("a gate may not end without its verdict, nor refuse without reasons", async () => {
  const scene = await agentScene((request, agent) => {
    if (agent === "coder") return { text: "done" };
    const turns: readonly Turn[] = [
      { text: "Looks fine to me." },
      verdict({ verdict: "refused" }),
      verdict({ verdict: "approved" }),
    ];
    return turns[answersIn(request)] ?? { text: "?" };
  });
  expect((await scene.work({ agents: ["coder", "reviewer"] })).type).toBe("done");
  expect(transcriptLines(scene, "reviewer", "told")[0]).toMatchObject({ from: "verdict" });
  expect(transcriptLines(scene, "reviewer", "result")[0]?.text).toContain(
    "a refusal needs reasons",
  );
});

test.each(["concatenate", "structured_merge"] as const)(
  "one agent alone is not wrapped by %s",
  async (aggregate) => {
    const scene = await agentScene(byAgent({ researcher: [{ text: "It is like this." }] }));
    const facts = { agents: ["researcher"], owns: [], aggregate };
    expect(await scene.work(facts)).toMatchObject({ summary: "It is like this." });
  },
);

test("a unit that changes nothing is done by its summary", async () => {
  const scene = await agentScene(byAgent({ researcher: [{ text: "It is like this." }] }));
  expect(await scene.work({ agents: ["researcher"], owns: [] })).toEqual({
    ...{ type: "done", summary: "It is like this.", artifacts: [] },
  });
});

test("a summary by a model is asked for once, of the last that works", async () => {
  const scene = await agentScene((request, agent) => {
    const last = request.messages.at(-1)?.text ?? "";
    if (last.includes("Several agents have worked")) return { text: "All in all." };
    return { text: `words of the ${agent}` };
  });
  const facts = { agents: ["researcher", "coder"], aggregate: "ai_summarize" } as const;
  expect(await scene.work(facts)).toMatchObject({ type: "done", summary: "All in all." });
  expect(scene.model.asked).toHaveLength(3);
  const asked = scene.model.asked.at(-1)?.request.messages.at(-1)?.text;
  expect(asked).toContain("words of the researcher");
  expect(asked).toContain("words of the coder");
});

const researched = byAgent({
  researcher: [{ text: "It is in a.txt." }],
  coder: [write("b\n"), { text: "I wrote b.txt." }],
  reviewer: [verdict({ verdict: "approved" })],
});
const pipeline = {
  agents: ["researcher", "coder", "reviewer"],
  approval: "required",
} as const;

test("where approval is required each that comes later waits for it, is asked once, and hears what was shown", async () => {
  let scene = await agentScene(researched);
  const { desk, place } = scene;
  const askedBy: (readonly string[])[] = [];
  for (let round = 0; round < 2; round += 1) {
    expect((await scene.work(pipeline)).type).toBe("parked");
    askedBy.push(scene.model.asked.map(({ agent }) => agent));
    // Nobody has answered: the same is asked, and nothing is paid.
    scene = await sceneIn(place, researched, { desk });
    expect((await scene.work(pipeline)).type).toBe("parked");
    expect(scene.model.asked).toEqual([]);
    scene.answer("approved");
    scene = await sceneIn(place, researched, { desk });
  }
  const summary = "I wrote b.txt.";
  expect(await scene.work(pipeline)).toMatchObject({ type: "done", summary });
  expect(askedBy).toEqual([["researcher"], ["coder", "coder"]]);
  expect(scene.model.asked.map(({ agent }) => agent)).toEqual(["reviewer"]);
  const first = { role: "researcher", summary: "It is in a.txt." };
  expect(desk.state().approvals.map(({ question }) => question)).toEqual([
    { agent: "coder", kind: "agent", content: `coder ${JSON.stringify({ after: [first] })}` },
    {
      ...{ agent: "reviewer", kind: "agent" },
      content: `reviewer ${JSON.stringify({ after: [first, { role: "coder", summary }] })}`,
    },
  ]);
});

test("an answer holds for what was shown only", async () => {
  const scene = await agentScene(researched);
  await scene.work(pipeline);
  scene.answer("approved");
  const file = path.join(scene.place.record, "agents/researcher.jsonl");
  writeFileSync(file, readFileSync(file, "utf8").replaceAll("a.txt", "z.txt"));
  const later = await sceneIn(scene.place, researched, { desk: scene.desk });
  expect((await later.work(pipeline)).type).toBe("parked");
  expect(later.model.asked).toEqual([]);
  expect(scene.desk.state().approvals.at(-1)).toMatchObject({
    question: { content: expect.stringContaining("z.txt") },
  });
});

test("one that a person denies ends the unit as denied", async () => {
  const scene = await agentScene(researched, { answerable: true });
  const outcome = scene.work(pipeline);
  await eventually(() => scene.desk.state().approvals.length === 1);
  scene.answer("denied", "not today");
  expect(await outcome).toMatchObject({
    ...{ type: "failed", reason: "denied" },
    message: "a person has denied the coder: not today",
  });
});

test("a role that there is not is a clear failure", async () => {
  const scene = await agentScene(() => ({ text: "" }));
  await expect(scene.work({ agents: ["wizard"] })).rejects.toMatchObject({ code: "unknown_role" });
});
