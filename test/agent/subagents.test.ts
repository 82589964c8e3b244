/** Subagents: agents that agents start, each with its own conversation, within the limits of the whole run. */
import { expect, test } from "vitest";
import { type AgentIdentity, currentAgent } from "../../src/agent/identity.ts";
import { Roster } from "../../src/agent/roster.ts";
import { agentScene, defaultLimits, sceneIn, transcriptLines } from "../support/agent-scene.ts";
import { byAgent, type Turn } from "../support/scripted-model.ts";
import { makePlainPlace } from "../support/work-place.ts";

const task = (facts: object = {}): readonly [string, object] => [
  "task",
  { description: "Look.", ...facts },
];

test("are nested three deep, and a fourth level is refused with its reason", async () => {
  const deeper: Turn = { calls: [task()] };
  const scene = await agentScene(
    byAgent({
      coder: [deeper],
      "coder.1": [deeper],
      "coder.1.1": [deeper],
      "coder.1.1.1": [deeper, { text: "deepest" }],
    }),
  );
  expect(await scene.work()).toMatchObject({ type: "done" });
  expect(scene.transcript("coder.1.1.1").find(({ type }) => type === "result")).toMatchObject({
    failed: true,
    text: expect.stringContaining("3 deep"),
  });
  const [first] = scene.transcript("coder.1.1").filter(({ type }) => type === "result");
  expect(first).toMatchObject({ text: expect.stringContaining('"summary":"deepest"') });
  expect(scene.desk.subagents()).toBe(3);
});

test("of one turn work at once, and their results come in the order of the calls", async () => {
  let waiting: (() => void)[] = [];
  const scene = await agentScene(async (request, agent) => {
    if (agent === "coder") {
      return byAgent({ coder: [{ calls: [task(), task(), task()] }] })(request, agent) as Turn;
    }
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      if (waiting.length < 3) return;
      for (const go of waiting.toReversed()) go();
      waiting = [];
    });
    return { text: `said by ${agent}` };
  });
  await scene.work();
  expect(scene.model.atOnceMax).toBe(3);
  const told = scene.model.asked.at(-1)?.request.messages.slice(-3);
  expect(told?.map(({ text }) => /said by (\S+?)"/.exec(text)?.[1])).toEqual([
    "coder.1",
    "coder.2",
    "coder.3",
  ]);
});

test("one in the background reports later, and its parent does not end before", async () => {
  let finish = () => {};
  const ended = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const scene = await agentScene(async (request, agent) => {
    if (agent === "coder.1") {
      await ended;
      return { text: "found it" };
    }
    const turns = { coder: [{ calls: [task({ background: true })] }, { text: "waiting" }] };
    const turn = byAgent(turns)(request, agent) as Turn;
    if (turn.text === "waiting") finish();
    return turn;
  });
  expect(await scene.work()).toMatchObject({ type: "done", summary: "coder is done" });
  const told = scene.transcript("coder").find(({ type }) => type === "told");
  expect(told).toMatchObject({ from: "child", text: expect.stringContaining("found it") });
});

test("know who they are through every wait, and who called them", async () => {
  const seen: AgentIdentity[] = [];
  const scene = await agentScene(async (request, agent) => {
    await new Promise((resolve) => setImmediate(resolve));
    const identity = currentAgent();
    if (identity !== undefined) seen.push(identity);
    const turns = {
      coder: [{ calls: [task({ subagent_type: "researcher" }), task({ subagent_type: "fork" })] }],
    };
    return byAgent(turns)(request, agent) as Turn;
  });
  await scene.work();
  const session = `${scene.place.run}/words/1/coder`;
  const called = { parentSessionId: session, agentType: "subagent" };
  const first = { ...called, invokingRequestId: `${session}#1` };
  expect(seen[0]).toEqual({
    ...{ agentId: "coder", agentType: "main", subagentName: "coder", invocationKind: "spawn" },
  });
  expect(seen.slice(1, 3).toSorted((a, b) => (a.agentId < b.agentId ? -1 : 1))).toEqual([
    { ...first, agentId: "coder.1", subagentName: "researcher", invocationKind: "spawn" },
    { ...first, agentId: "coder.2", subagentName: "coder", invocationKind: "fork" },
  ]);
  expect(currentAgent()).toBeUndefined();
});

test("a fork begins with its parent's conversation, anything else with nothing", async () => {
  const scene = await agentScene(
    byAgent({
      coder: [
        { text: "I think aloud.", calls: [["read", { path: "a.txt" }]] },
        { calls: [task({ subagent_type: "fork" }), task()] },
      ],
    }),
  );
  await scene.work();
  const heard = (agent: string) =>
    JSON.stringify(scene.model.asked.find((one) => one.agent === agent)?.request.messages);
  expect(heard("coder.1")).toContain("I think aloud.");
  expect(heard("coder.2")).not.toContain("I think aloud.");
});

test("one that has ended can be spoken to again: same history, the rest of its budget", async () => {
  const scene = await agentScene(
    byAgent({
      coder: [
        { calls: [task()] },
        { calls: [["message", { to: "coder.1", text: "And what else?" }]] },
      ],
      "coder.1": [{ text: "first answer" }, { text: "second answer" }],
    }),
  );
  await scene.work();
  expect(scene.transcript("coder.1").map(({ type }) => type)).toEqual([
    ...["begun", "asked", "answered", "ended"],
    ...["resumed", "asked", "answered", "ended"],
  ]);
  const results = scene.transcript("coder").filter(({ type }) => type === "result");
  expect(results[1]).toMatchObject({ text: expect.stringContaining("second answer") });
  expect(scene.desk.events).toContainEqual(
    expect.objectContaining({ type: "agent-started", agent: "coder.1", kind: "resume" }),
  );
});

test("its verify command must pass before it may end", async () => {
  const scene = await agentScene(
    byAgent({
      coder: [{ calls: [task({ verify: "test -f made.txt" })] }],
      "coder.1": [
        { text: "Done!" },
        { calls: [["write", { path: "made.txt", content: "yes\n" }]] },
        { text: "Really done." },
      ],
    }),
  );
  await scene.work();
  expect(scene.file("made.txt")).toBe("yes\n");
  const told = scene.transcript("coder.1").find(({ type }) => type === "told");
  expect(told).toMatchObject({ from: "verify" });
});

test("more than five at once under one parent are refused, and more than the run may have", async () => {
  const scene = await agentScene(
    byAgent({ coder: [{ calls: Array.from({ length: 7 }, () => task()) }, { calls: [task()] }] }),
    { limits: { agentsPerRun: 5 } },
  );
  await scene.work();
  const results = scene.transcript("coder").filter(({ type }) => type === "result");
  const failed = results.filter((line) => line.type === "result" && line.failed);
  expect(failed.map((line) => (line.type === "result" ? line.text : ""))).toEqual([
    expect.stringContaining("5 subagents at work"),
    expect.stringContaining("5 subagents at work"),
    expect.stringContaining("started 5 subagents"),
  ]);
  expect(scene.desk.subagents()).toBe(5);
});

test("no more than the roster allows are at work over all units, and none waits for ever", async () => {
  const roster = new Roster({ ...defaultLimits, agents: 3, agentsPerRun: 1000 });
  const script = byAgent({
    coder: [{ calls: [task(), task(), task()] }, { calls: [task(), task()] }],
    ...Object.fromEntries(
      [1, 2, 3, 4, 5].map((n) => [`coder.${n}`, [{ calls: [task({ background: true })] }]]),
    ),
  });
  let working = 0;
  let workingMax = 0;
  const counted = async (...[request, agent]: Parameters<typeof script>) => {
    working += 1;
    workingMax = Math.max(workingMax, working);
    await new Promise((resolve) => setImmediate(resolve));
    working -= 1;
    return script(request, agent) as Turn;
  };
  const scenes = await Promise.all(
    Array.from({ length: 6 }, async () => {
      const place = makePlainPlace({ "a.txt": "one\n" });
      return sceneIn(place, counted, { roster });
    }),
  );
  const outcomes = await Promise.all(scenes.map((scene) => scene.work()));
  for (const scene of scenes) scene.place.remove();
  expect(outcomes.map(({ type }) => type)).toEqual(scenes.map(() => "done"));
  expect(scenes.map(({ desk }) => desk.subagents())).toEqual(scenes.map(() => 10));
  expect(workingMax).toBeGreaterThan(1);
  expect(workingMax).toBeLessThanOrEqual(3);
  expect(roster.working).toBe(0);
});

test("one that spends its budget hands its partial result to its parent, which goes on", async () => {
  const scene = await agentScene(
    byAgent({
      coder: [{ calls: [task()] }],
      "coder.1": [
        { text: "Half of it is this.", calls: [["read", { path: "a.txt" }]] },
        { text: "never said" },
      ],
    }),
    {
      limit: { tokens: 8_000 },
      files: { "a.txt": "some words\n".repeat(1000) },
      access: { outputTokensMax: 100 },
    },
  );
  expect(await scene.work()).toMatchObject({ type: "done" });
  const result = scene.transcript("coder").find(({ type }) => type === "result");
  expect(result).toMatchObject({ text: expect.stringContaining("Half of it is this.") });
  expect(result).toMatchObject({ text: expect.stringContaining('"status":"cancelled"') });
});

test("a provider that is out throws, whoever met it, and nobody is left at work", async () => {
  const scene = await agentScene((request, agent) => {
    if (agent === "coder.2") {
      return { type: "failed", fault: { kind: "refused_key", message: "401" } };
    }
    return byAgent({ coder: [{ calls: [task(), task()] }] })(request, agent);
  });
  await expect(scene.work()).rejects.toMatchObject({ kind: "provider" });
  expect(scene.roster.working).toBe(0);
});

test("two messages of one turn wake it once, and it hears both", async () => {
  const again = (text: string) => ["message", { to: "coder.1", text }] as const;
  const scene = await agentScene(
    byAgent({
      coder: [{ calls: [task()] }, { calls: [again("And this?"), again("And that?")] }],
    }),
  );
  await scene.work();
  expect(transcriptLines(scene, "coder", "result").some(({ failed }) => failed)).toBe(false);
  const resumed = transcriptLines(scene, "coder.1", "resumed").map(({ text }) => text);
  const told = transcriptLines(scene, "coder.1", "told").map(({ text }) => text);
  expect(resumed).toHaveLength(1);
  expect([...resumed, ...told].join()).toMatch(/And this\?.*And that\?/s);
});

test("what it gives to finish comes back as data, its words where it gave none", async () => {
  const finish = (given: object): Turn => ({ text: "My words.", calls: [["finish", given]] });
  const scene = await agentScene(
    byAgent({
      coder: [{ calls: [task(), task()] }],
      "coder.1": [finish({ data: { found: 3 } })],
      "coder.2": [finish({})],
    }),
  );
  await scene.work();
  const texts = transcriptLines(scene, "coder", "result").map(({ text }) => text);
  expect(texts.find((text) => text.includes("coder.1"))).toContain('"data":{"found":3}');
  expect(texts.find((text) => text.includes("coder.2"))).toContain('"summary":"My words."');
});
