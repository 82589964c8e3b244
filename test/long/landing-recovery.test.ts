import { afterAll, expect, test } from "vitest";
import { compileRooms } from "../support/compiled.ts";
import { expectWhole, killRecovery, prepareKills, sweep } from "../support/kill-sweep.ts";
import { copyScene, type Kill, runKilled } from "../support/killed-move.ts";
import { randomFrom } from "../support/merge-cases.ts";

const compiled = compileRooms(["core", "host", "git"]);
afterAll(() => compiled.remove());
const kills = await prepareKills(compiled.folder);

test.each<Omit<Kill, "at">>([
  { when: "before", whom: "group" },
  { when: "before", whom: "runner" },
  { when: "after", whom: "runner" },
])(
  "a move killed at any call of git is made whole (%o)",
  async (kill) => {
    expect(await sweep(kills, kill)).toBeGreaterThan(4);
  },
  600_000,
);

test("a recovery killed after any call of git is made whole by the next", async () => {
  let at = 1;
  while (await killRecovery(kills, at)) at += 1;
  expect(at).toBeGreaterThan(5);
}, 600_000);

test("a move killed at 200 random moments is made whole", async () => {
  const random = randomFrom(7);
  for (let n = 0; n < 200; n += 1) {
    const copy = await copyScene(kills.scene);
    const since = Date.now();
    const kill: Kill = { when: "moment", whom: "group", at: random(400) };
    const run = await runKilled(kills.compiled, "moveTarget", { scene: copy, kill });
    if (run.killed) await expectWhole(kills, copy, since);
    copy.repository.dispose();
  }
}, 1_200_000);
