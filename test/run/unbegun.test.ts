/** Runs that were killed before they began: nobody shall find their folders for ever. */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { killedOnce, runArguments, runsOf, startPleach } from "../support/killed-run.ts";
import { makeScene, removeScene, type Scene } from "../support/woven-scene.ts";

const undo: (() => void)[] = [];
afterAll(() => {
  for (const one of undo.reverse()) one();
});

async function killedAtBirth(when: "before" | "torn"): Promise<Scene> {
  const scene = await makeScene();
  undo.push(() => removeScene(scene));
  await killedOnce(scene, runArguments(scene), { when, line: 1 });
  expect(runsOf(scene)).toHaveLength(1);
  return scene;
}

test.concurrent.each(["before", "torn"] as const)(
  "clean takes away the folder of a run that was killed %s its first line",
  async (when) => {
    const scene = await killedAtBirth(when);
    const [run = ""] = runsOf(scene);
    const cleaned = await startPleach(scene, ["clean", "--json"]).ended;
    expect(JSON.parse(cleaned.stdout)).toMatchObject({ runs: [{ run, kept: [] }] });
    expect(runsOf(scene)).toEqual([]);
  },
);

test.concurrent("the next run takes it away, but no folder that somebody put something in", async () => {
  const scene = await killedAtBirth("torn");
  const [run = ""] = runsOf(scene);
  const kept = "20260101-0000-aaaa";
  const runs = path.join(scene.repository.path, ".git/pleach/runs");
  mkdirSync(path.join(runs, kept));
  writeFileSync(path.join(runs, kept, "note"), "mine\n");
  expect((await startPleach(scene, runArguments(scene)).ended).code).toBe(0);
  expect(runsOf(scene)).not.toContain(run);
  expect(runsOf(scene)).toContain(kept);
});
