/** Worktrees whose administration is deleted while a worker's only copy of its work lies in them. */
import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import {
  endOf,
  eventsOf,
  expectNothingLeft,
  runArguments,
  type Started,
  startPleach,
  theRun,
  userOf,
} from "../support/killed-run.ts";
import type { Ran } from "../support/program.ts";
import {
  hasBegunWork,
  makeScene,
  openGate,
  removeScene,
  type Scene,
} from "../support/woven-scene.ts";

const undo: (() => void)[] = [];
afterAll(() => {
  for (const one of undo.reverse()) one();
});

/** A run whose first two workers are at work and wait. */
async function going(): Promise<{ scene: Scene; started: Started }> {
  const scene = await makeScene({ gated: true });
  undo.push(() => removeScene(scene));
  const started = startPleach(scene, runArguments(scene));
  undo.push(() => started.kill());
  await hasBegunWork(scene, "alpha");
  await hasBegunWork(scene, "beta");
  return { scene, started };
}

const admins = (scene: Scene) => path.join(scene.repository.path, ".git/worktrees");

function slotFolders({ stateHome }: Scene): string[] {
  return readdirSync(stateHome, { recursive: true, encoding: "utf8" })
    .filter((name) => /\/slot-\d+$/.test(name))
    .map((name) => path.join(stateHome, name));
}

const losses: Record<string, (scene: Scene) => void> = {
  "their admin directories": (scene) => {
    for (const name of readdirSync(admins(scene)))
      rmSync(path.join(admins(scene), name), { recursive: true });
  },
  "all that git knows of worktrees": (scene) => rmSync(admins(scene), { recursive: true }),
  "our marks and indexes": (scene) => {
    for (const name of readdirSync(admins(scene)))
      for (const file of ["pleach.json", "pleach-full.index"])
        rmSync(path.join(admins(scene), name, file));
  },
  "their .git files": (scene) => {
    for (const folder of slotFolders(scene)) writeFileSync(path.join(folder, ".git"), "mine\n");
  },
};

/** The workers that the killed runner left are ended before those of the resume may go on. */
async function resumed(scene: Scene): Promise<Ran> {
  const started = startPleach(scene, ["resume", "--json"]);
  undo.push(() => started.kill());
  await eventually(() => eventsOf(scene, "unit-interrupted").length === 2);
  openGate(scene);
  return started.ended;
}

async function halfWork(scene: Scene): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const { unit, leavings } of eventsOf(scene, "unit-interrupted"))
    found[unit] = await scene.repository.git("show", `${leavings.snapshot}:${unit}/half`);
  return found;
}

test.concurrent.each(Object.entries(losses))(
  "a killed run keeps what its workers made though somebody deleted %s",
  async (_, lose) => {
    const { scene, started } = await going();
    const user = await userOf(scene);
    started.kill();
    await started.ended;
    lose(scene);
    const ran = await resumed(scene);
    expect(await halfWork(scene)).toEqual({ alpha: "half", beta: "half" });
    expect(await endOf(scene, ran)).toMatchObject({ code: 0, outcome: "complete" });
    expect({ ...user, worktrees: "" }).toEqual({ ...(await userOf(scene)), worktrees: "" });
    await expectNothingLeft(scene);
  },
);

test.concurrent.each(Object.entries(losses))(
  "a run takes in what its workers made though somebody deleted %s meanwhile",
  async (_, lose) => {
    const { scene, started } = await going();
    lose(scene);
    openGate(scene);
    const ran = await started.ended;
    expect(await endOf(scene, ran)).toMatchObject({ code: 0, outcome: "complete" });
    const first = eventsOf(scene, "unit-finished").find(({ unit }) => unit === "alpha");
    expect(first).toMatchObject({
      attempt: 1,
      outcome: { type: "completed", changed: ["alpha/file", "alpha/new"] },
    });
    await expectNothingLeft(scene);
  },
);

test.concurrent("a resume that cannot tell git of a lost worktree leaves it where it is", async () => {
  const { scene, started } = await going();
  started.kill();
  await started.ended;
  rmSync(admins(scene), { recursive: true });
  writeFileSync(admins(scene), "in the way\n");
  const failed = await startPleach(scene, ["resume", "--json"]).ended;
  expect(failed.code).not.toBe(0);
  expect(slotFolders(scene).filter((folder) => existsSync(folder))).toHaveLength(2);
  rmSync(admins(scene));
  const ran = await resumed(scene);
  expect(await endOf(scene, ran)).toMatchObject({ code: 0, outcome: "complete" });
  expect(await halfWork(scene)).toEqual({ alpha: "half", beta: "half" });
  expect(theRun(scene)).toMatch(/^\d{8}-/);
  await expectNothingLeft(scene);
});
