/** Results of several subagents as one: those of its own, and those that one turn started together. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { agentScene, sceneIn, transcriptLines } from "../support/agent-scene.ts";
import { answersIn, byAgent } from "../support/scripted-model.ts";

const task = (facts: object = {}): readonly [string, object] => [
  "task",
  { description: "Look.", ...facts },
];

test("the results of its own subagents become its result as it was asked", async () => {
  const scene = await agentScene(
    byAgent({
      coder: [{ calls: [task({ aggregate: "structured_merge" })] }],
      "coder.1": [{ calls: [task(), task()] }, { text: '{"n":0}' }],
      "coder.1.1": [{ text: '{"a":1}' }],
      "coder.1.2": [{ text: '{"b":2}' }],
    }),
  );
  await scene.work();
  expect(transcriptLines(scene, "coder", "result")[0]?.text).toContain('{"n":0,"a":1,"b":2}');
});

test("tasks of one turn with the same aggregate are given to their parent as one too, once", async () => {
  const script = byAgent({
    coder: [
      {
        calls: [
          task({ aggregate: "structured_merge" }),
          task(),
          task({ aggregate: "structured_merge" }),
        ],
      },
      { calls: [["list", { path: "." }]] },
      { text: "Seen." },
    ],
    "coder.1": [{ text: '{"a":1,"both":[1]}' }],
    "coder.2": [{ text: "alone" }],
    "coder.3": [{ calls: [["finish", { data: { b: 2, both: [2] } }]] }],
  });
  const scene = await agentScene(script);
  await scene.work();
  const told = transcriptLines(scene, "coder", "told");
  expect(told.map(({ from }) => from)).toEqual(["results"]);
  expect(told[0]?.text).toContain("coder.1, coder.3 as one (structured_merge)");
  expect(told[0]?.text).toContain('"both": [\n    1,\n    2\n  ]');
  expect(told[0]?.text).not.toContain("alone");
  // A later process, cut off just before: it is told then.
  const file = path.join(scene.place.record, "agents/coder.jsonl");
  const lines = readFileSync(file, "utf8").split("\n");
  const at = lines.findIndex((line) => line.includes('"from":"results"'));
  writeFileSync(file, `${lines.slice(0, at).join("\n")}\n`);
  const again = await sceneIn(scene.place, script, { desk: scene.desk });
  expect(await again.work()).toMatchObject({ type: "done", summary: "Seen." });
  expect(transcriptLines(again, "coder", "told")[0]?.text).toBe(told[0]?.text);
});

test("of tasks that a model is to sum up, the parent is told its summary", async () => {
  const scene = await agentScene((request, agent) => {
    const last = request.messages.at(-1)?.text ?? "";
    if (last.includes("Several agents have worked")) return { text: "All in all." };
    if (agent !== "coder") return { text: `words of ${agent}` };
    const turns = [
      { calls: [task({ aggregate: "ai_summarize" }), task({ aggregate: "ai_summarize" })] },
    ];
    return turns[answersIn(request)] ?? { text: "Seen." };
  });
  await scene.work();
  expect(transcriptLines(scene, "coder", "told")[0]?.text).toContain("All in all.");
  const summary = scene.desk
    .state()
    .units[0]?.agents.find(({ agent }) => agent === "coder-summary");
  expect(summary).toMatchObject({ status: "completed", turns: 1 });
});
