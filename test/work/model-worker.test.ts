/** The worker that is a model with tools: its loop over real files, and when it is done. */
import { existsSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import type { Check } from "../../src/core/plan.ts";
import { agentScene } from "../support/agent-scene.ts";
import { answersIn, byAgent, type Turn } from "../support/scripted-model.ts";

const read: Turn = { calls: [["read", { path: "a.txt" }]] };
const edit = (old: string, now: string): Turn => ({
  calls: [["edit", { path: "a.txt", edits: [{ old, new: now }] }]],
});

function check(name: string, run: string): Check {
  return { name, run, timeoutMs: 10_000 };
}

test("reads, edits and ends with the last words of the model", async () => {
  const scene = await agentScene(
    byAgent({ coder: [read, edit("one", "two"), { text: "It says two now." }] }),
  );
  expect(await scene.work()).toEqual({ type: "done", summary: "It says two now.", artifacts: [] });
  expect(scene.file("a.txt")).toBe("two\n");
  expect(scene.transcript("coder").map(({ type }) => type)).toEqual([
    "begun",
    ...["asked", "answered", "result"],
    ...["asked", "answered", "result"],
    ...["asked", "answered", "ended"],
  ]);
  expect(scene.desk.events.map(({ type }) => type)).toEqual([
    "agent-started",
    "agent-spent",
    "agent-spent",
    "agent-spent",
    "agent-finished",
  ]);
});

test("a red check goes back to the model with its output until it is green", async () => {
  const scene = await agentScene((request) => {
    const turns: readonly Turn[] = [{ text: "Done!" }, read, edit("one", "two"), { text: "Now." }];
    return turns[answersIn(request)] ?? { text: "?" };
  });
  const checks = [check("says two", "grep two a.txt || (echo no two here; exit 1)")];
  expect(await scene.work({ checks })).toMatchObject({ type: "done", summary: "Now." });
  const told = scene.transcript("coder").find(({ type }) => type === "told");
  expect(told).toMatchObject({ from: "check", text: expect.stringContaining("no two here") });
});

test("out of turns it fails, though the model says that it is done", async () => {
  const scene = await agentScene(() => ({ text: "Done!" }), { worker: { turnsMax: 3 } });
  expect(await scene.work({ checks: [check("never", "false")] })).toEqual({
    type: "failed",
    reason: "out_of_turns",
    message: "not done after 3 turns",
    summary: "Done!",
  });
  expect(scene.model.asked).toHaveLength(3);
});

test("a write outside of what the unit owns is refused at the call, naming the owner", async () => {
  const scene = await agentScene(
    byAgent({ coder: [{ calls: [["write", { path: "b.txt", text: "b", content: "b" }]] }] }),
    { worker: { ownerOf: () => "other" as never } },
  );
  await scene.work({ owns: ["a.txt" as never] });
  expect(existsSync(path.join(scene.place.worktree, "b.txt"))).toBe(false);
});

test("an empty answer is not the end of the work: it is asked again, and then a failure", async () => {
  const scene = await agentScene(byAgent({ coder: [read, {}, { text: "Done." }] }));
  expect(await scene.work()).toMatchObject({ type: "done", summary: "Done." });
  const mute = await agentScene(() => ({}));
  expect(await mute.work()).toMatchObject({
    type: "failed",
    reason: "worker_failed",
    message: "the model gave 3 empty answers in a row",
  });
});
