/** P10 with the built program: one runner for a repository, and a lock goes only from an owner that is provably dead. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import {
  endOf,
  expectNothingLeft,
  killedOnce,
  runArguments,
  runsOf,
  startPleach,
  theRun,
} from "../support/killed-run.ts";
import {
  hasBegunWork,
  makeScene,
  openGate,
  removeScene,
  type Scene,
  type SceneParts,
} from "../support/woven-scene.ts";

const scenes: Scene[] = [];
afterAll(() => scenes.forEach(removeScene));

async function sceneOf(parts: SceneParts): Promise<Scene> {
  const scene = await makeScene(parts);
  scenes.push(scene);
  return scene;
}

const lockOf = ({ repository }: Scene) => path.join(repository.path, ".git/pleach/runner");

test.concurrent("while a run goes on nothing else runs here: exit 8, naming it", async () => {
  const scene = await sceneOf({ gated: true });
  const first = startPleach(scene, runArguments(scene));
  await hasBegunWork(scene, "alpha");
  const run = theRun(scene);
  for (const args of [runArguments(scene), ["resume", "--json", run], ["land", "--json", run]]) {
    const ran = await startPleach(scene, args).ended;
    // What only needs a finished run says so first.
    if (args[0] === "land") expect([3, 8]).toContain(ran.code);
    else expect([args[0], ran.code]).toEqual([args[0], 8]);
    if (ran.code !== 8) continue;
    const { error } = JSON.parse(ran.stdout) as { error: { code: string; message: string } };
    expect(error).toMatchObject({ code: "run_active" });
    expect(error.message).toContain(run);
    expect(ran.stderr).toContain(run);
  }
  expect(runsOf(scene)).toEqual([run]);
  openGate(scene);
  expect(await endOf(scene, await first.ended)).toMatchObject({ code: 0, outcome: "complete" });
  await expectNothingLeft(scene);
});

test.concurrent("of several started at once exactly one runs", async () => {
  const scene = await sceneOf({ gated: true });
  const racers = Array.from({ length: 4 }, () => startPleach(scene, runArguments(scene)));
  await hasBegunWork(scene, "alpha");
  const ended = racers.map((racer) => racer.ended);
  const losers = await firstEnded(ended, 3);
  expect(losers.map(({ code }) => code)).toEqual([8, 8, 8]);
  openGate(scene);
  const codes = (await Promise.all(ended)).map(({ code }) => code);
  expect(codes.sort()).toEqual([0, 8, 8, 8]);
  expect(runsOf(scene)).toHaveLength(1);
  await expectNothingLeft(scene);
});

test.concurrent("of several resumes of a killed run exactly one goes on", async () => {
  const scene = await sceneOf({ gated: true });
  const first = startPleach(scene, runArguments(scene));
  await hasBegunWork(scene, "alpha");
  first.kill();
  await first.ended;
  const racers = Array.from({ length: 3 }, () => startPleach(scene, ["resume", "--json"]));
  await hasBegunWork(scene, "alpha", 2);
  const ended = racers.map((racer) => racer.ended);
  expect((await firstEnded(ended, 2)).map(({ code }) => code)).toEqual([8, 8]);
  openGate(scene);
  expect((await Promise.all(ended)).map(({ code }) => code).sort()).toEqual([0, 8, 8]);
  await expectNothingLeft(scene);
});

test.concurrent("a dead runner's lock is taken over though its pid lives again", async () => {
  const scene = await sceneOf({});
  await killedOnce(scene, runArguments(scene), { when: "after", line: "unit-started" });
  const lock = JSON.parse(readFileSync(lockOf(scene), "utf8")) as object;
  expect(lock).toMatchObject({ run: theRun(scene) });
  writeFileSync(lockOf(scene), JSON.stringify({ ...lock, pid: process.pid }));
  const ran = await startPleach(scene, ["resume", "--json"]).ended;
  expect(await endOf(scene, ran)).toMatchObject({ code: 0, outcome: "complete" });
  await expectNothingLeft(scene);
});

test.concurrent("a lock whose owner may live on another machine is held", async () => {
  const scene = await sceneOf({});
  await killedOnce(scene, runArguments(scene), { when: "after", line: "unit-started" });
  const lock = JSON.parse(readFileSync(lockOf(scene), "utf8")) as { boot: string };
  const elsewhere = { ...lock, boot: "other-machine other-boot pid:[1]" };
  writeFileSync(lockOf(scene), JSON.stringify(elsewhere));
  const ran = await startPleach(scene, ["resume", "--json"]).ended;
  expect([ran.code, JSON.parse(ran.stdout)]).toMatchObject([8, { error: { code: "run_active" } }]);
  expect(JSON.parse(readFileSync(lockOf(scene), "utf8"))).toEqual(elsewhere);
});

/** The first so many to end, in the order in which they did. */
function firstEnded<T>(all: readonly Promise<T>[], count: number): Promise<readonly T[]> {
  return new Promise((resolve, reject) => {
    const ended: T[] = [];
    for (const one of all) {
      one.then((value) => {
        ended.push(value);
        if (ended.length === count) resolve([...ended]);
      }, reject);
    }
  });
}
