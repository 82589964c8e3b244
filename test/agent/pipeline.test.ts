/** Agents of a unit one after the other, and the gate among them. */
import { expect, test } from "vitest";
import { agentScene, sceneIn, transcriptLines } from "../support/agent-scene.ts";
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

test("a role that there is not is a clear failure", async () => {
  const scene = await agentScene(() => ({ text: "" }));
  await expect(scene.work({ agents: ["wizard"] })).rejects.toMatchObject({ code: "unknown_role" });
});
