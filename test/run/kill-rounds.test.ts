/** P5, P6 and P7 of a run with rounds, with the built program on real git: killed around what begins a round, it ends as one that
 *  nobody killed. All lines are in test/long. */
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type Expected,
  eventsOf,
  expectedOf,
  expectSameAfter,
  type Kill,
} from "../support/killed-run.ts";
import { makeRoundsScene } from "../support/rounds-scene.ts";
import { removeScene } from "../support/woven-scene.ts";

let expected: Expected;
beforeAll(async () => {
  expected = await expectedOf(await makeRoundsScene());
});
afterAll(() => removeScene(expected.scene));

test("nobody kills it: it ends in two rounds", () => {
  expect(expected.end).toMatchObject({
    code: 0,
    outcome: "complete",
    hasLanded: true,
    units: ["alpha", "beta", "gamma", "delta", "alpha-r1", "gamma-r1", "gamma-r2"].map(
      (id) => `${id} merged`,
    ),
    doneWhen: ["woven true", "nothing left true"],
  });
});

test.concurrent.each<readonly Kill[]>([
  [{ when: "before", line: "round-started" }],
  [{ when: "torn", line: "round-started" }],
  [
    { when: "after", line: "round-started" },
    { when: "before", line: "landed" },
  ],
])("killed at %o, it ends as it would have", async (...kills) => {
  const killed = await expectSameAfter(expected, kills, [], async (scene) => {
    const rounds = eventsOf(scene, "round-started").map(({ round, units }) => [
      round,
      units.map(({ id }) => id),
    ]);
    expect(rounds).toEqual([
      [1, ["alpha-r1", "gamma-r1"]],
      [2, ["gamma-r2"]],
    ]);
    await Promise.resolve();
  });
  expect(killed).toBe(kills.length);
});
