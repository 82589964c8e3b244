import { availableParallelism } from "node:os";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type Expected,
  expectedOf,
  expectSameAfter,
  type Kill,
  momentsFrom,
  sumOf,
} from "../support/killed-run.ts";
import { makeRoundsScene } from "../support/rounds-scene.ts";
import { makeScene, removeScene } from "../support/woven-scene.ts";

/** Runs wait for processes half of their time. */
const lanes = availableParallelism() + 1;
const scenes = 80;
const killsEach = 3;

let expected: Expected;
beforeAll(async () => {
  expected = await expectedOf(await makeScene());
});
afterAll(() => removeScene(expected.scene));

test("killed before, in and after every journal line, a run ends as it would have", async () => {
  const kills = Array.from({ length: expected.lines }, (_, at): Kill[] => [
    { when: at % 2 === 0 ? "torn" : "before", line: at + 1 },
    { when: "after", line: at + 1 },
  ]).flat();
  const killed = await sumOf(kills, lanes, (kill) => expectSameAfter(expected, [kill]));
  // Now and then a run has a line less.
  expect(killed).toBeGreaterThan(kills.length - 4);
}, 900_000);

test("killed after every journal line, a run with rounds ends as it would have", async () => {
  const rounds = await expectedOf(await makeRoundsScene());
  const kills = Array.from(
    { length: rounds.lines },
    (_, at): Kill => ({ when: "after", line: at + 1 }),
  );
  const killed = await sumOf(kills, lanes, (kill) => expectSameAfter(rounds, [kill]));
  expect(killed).toBeGreaterThan(kills.length - 4);
  removeScene(rounds.scene);
}, 900_000);

test("killed at 200 random moments, also of its resumes, a run ends as it would have", async () => {
  const seeds = Array.from({ length: scenes }, (_, seed) => seed);
  const killed = await sumOf(seeds, lanes, (seed) => {
    const kills = momentsFrom(seed, expected.lines, killsEach);
    const sandbox = seed % 4 === 0 ? "bwrap" : "none";
    return expectSameAfter(expected, kills, ["--sandbox", sandbox]);
  });
  expect(killed).toBeGreaterThan(200);
}, 900_000);
