/** P5, P6 and P7 with the built program on real git: killed at a journal line or at any moment, also while it is resumed, a run ends
 *  as one that nobody killed. All lines and 200 moments are in test/long. */
import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type Expected,
  endOf,
  eventsOf,
  expectedOf,
  expectNothingLeft,
  expectSameAfter,
  type Kill,
  killedOnce,
  momentsFrom,
  runArguments,
  startPleach,
  theRun,
} from "../support/killed-run.ts";
import { copyOf, makeScene, removeScene } from "../support/woven-scene.ts";

let expected: Expected;
beforeAll(async () => {
  expected = await expectedOf(await makeScene());
});
afterAll(() => removeScene(expected.scene));

const atLines: readonly Kill[] = [
  { when: "torn", line: "run-started" },
  { when: "after", line: "run-started" },
  { when: "torn", line: "candidate-made" },
  { when: "before", line: "merge-finished" },
  { when: "after", line: "check-started" },
  { when: "after", line: "run-finished" },
  { when: "after", line: "land-started" },
  { when: "before", line: "landed" },
  { when: "before", line: "cleaned" },
  { when: "after", line: "cleaned" },
];

test.concurrent.each(atLines)("killed $when $line, it ends as it would have", async (kill) => {
  expect(await expectSameAfter(expected, [kill])).toBe(1);
});

test.concurrent("work that was accepted but not told of is done again, kept, and merged once", async () => {
  const kill: Kill = { when: "before", line: "unit-finished" };
  await expectSameAfter(expected, [kill], [], async (scene) => {
    const run = theRun(scene);
    const cut = eventsOf(scene, "unit-interrupted").filter(({ unit }) => unit === "alpha");
    const again = eventsOf(scene, "unit-finished").filter(({ unit }) => unit === "alpha");
    expect(cut.length + again.length).toBe(2);
    for (const { unit, attempt, leavings } of [...cut, ...again]) {
      const ref = `refs/pleach/${run}/${unit}/${attempt}`;
      expect(await scene.repository.git("rev-parse", ref)).toBe(leavings.snapshot);
      expect(await scene.repository.git("show", `${ref}:alpha/new`)).toBe("alpha new");
    }
  });
});

test.concurrent("killed with the git that deletes its refs, it is not held up by that git's lock", async () => {
  const copy = await copyOf(expected.scene);
  const ran = await killedOnce(copy, runArguments(copy), { when: "after", line: "landed" });
  expect(ran.by).toBe("SIGKILL");
  const lock = path.join(copy.repository.path, ".git/packed-refs.lock");
  writeFileSync(lock, "");
  const end = await startPleach(copy, ["resume", "--json"]).ended;
  expect(await endOf(copy, end)).toEqual(expected.end);
  expect(existsSync(lock)).toBe(false);
  await expectNothingLeft(copy);
  removeScene(copy);
});

test.concurrent("killed in its resume too, before what it began is told", async () => {
  const kills: readonly Kill[] = [
    { when: "before", line: "candidate-made" },
    { when: "torn", line: "run-resumed" },
    { when: "before", line: "unit-interrupted" },
    { when: "before", line: "landed" },
    { when: "after", line: "run-resumed" },
  ];
  expect(await expectSameAfter(expected, kills)).toBe(5);
});

test.concurrent.each([
  [1, "none"],
  [2, "bwrap"],
])("killed at moments that seed %i gives, in sandbox %s", async (seed, sandbox) => {
  const kills = momentsFrom(seed, expected.lines, 3);
  expect(await expectSameAfter(expected, kills, ["--sandbox", sandbox])).toBeGreaterThan(0);
});
