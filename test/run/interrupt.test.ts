/** Ctrl-C and its kin, and what another process says to a run while it goes on. */
import { readFileSync } from "node:fs";
import { afterAll, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import {
  endOf,
  eventsOf,
  expectNothingLeft,
  journalOf,
  runArguments,
  type Started,
  startPleach,
  theRun,
  userOf,
} from "../support/killed-run.ts";
import { runningWith } from "../support/scratch.ts";
import {
  hasBegunWork,
  makeScene,
  openGate,
  removeScene,
  type Scene,
  type SceneParts,
} from "../support/woven-scene.ts";

const undo: (() => void)[] = [];
afterAll(() => {
  for (const one of undo.reverse()) one();
});

interface Going {
  readonly scene: Scene;
  readonly started: Started;
  readonly run: string;
  readonly user: Record<string, string>;
}

/** A run whose first two workers are at work and wait. */
async function going(parts: SceneParts = {}): Promise<Going> {
  const scene = await makeScene({ gated: true, ...parts });
  undo.push(() => removeScene(scene));
  const user = await userOf(scene);
  const started = startPleach(scene, runArguments(scene));
  undo.push(() => started.kill());
  await hasBegunWork(scene, "alpha");
  await hasBegunWork(scene, "beta");
  return { scene, started, run: theRun(scene), user };
}

async function expectEndsWhole({ scene, user }: Going): Promise<void> {
  openGate(scene);
  const ran = await startPleach(scene, ["resume", "--json"]).ended;
  expect(await endOf(scene, ran)).toMatchObject({ code: 0, outcome: "complete", hasLanded: true });
  expect(await userOf(scene)).toEqual(user);
  await expectNothingLeft(scene);
}

/** What the snapshot of each attempt has at a path. */
async function inSnapshots({ scene, run }: Going, path: string): Promise<string[]> {
  const { repository } = scene;
  const refs = await repository.git("for-each-ref", "--format=%(refname)", `refs/pleach/${run}/`);
  const texts: string[] = [];
  for (const ref of refs.split("\n").filter(Boolean)) {
    if ((await repository.git("ls-tree", "--name-only", ref, path)) !== "") {
      texts.push(await repository.git("show", `${ref}:${path}`));
    }
  }
  return texts;
}

test.concurrent.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 143],
] as const)("%s once winds down, keeps what was made, and can be resumed", async (signal, code) => {
  const went = await going();
  const { scene, started, run } = went;
  started.signal(signal);
  const ran = await started.ended;
  expect([ran.code, JSON.parse(ran.stdout)]).toMatchObject([code, { outcome: "interrupted" }]);
  expect(runningWith(`PLEACH_RUN=${run}`)).toEqual([]);
  expect(await inSnapshots(went, "alpha/half")).toEqual(["half"]);
  expect(await inSnapshots(went, "beta/half")).toEqual(["half"]);
  expect(journalOf(scene).at(-1)?.event.type).toBe("unit-finished");
  await expectEndsWhole(went);
});

/** As it was in the journal: those who do not listen are still at work there. */
function expectSaysItsEnd(stdout: string, { run, how }: { run: string; how: string }): void {
  if (how === "-v") {
    expect(stdout).toMatch(new RegExp(`^Run ${run}  interrupted\n`));
    expect(stdout).toContain(`pleach resume ${run}  goes on\n`);
    return;
  }
  const document = how === "--json" ? stdout : stdout.trimEnd().split("\n").at(-1);
  const ended = JSON.parse(document ?? "") as { units: { id: string; status: string }[] };
  expect(ended).toMatchObject({ version: 1, run, outcome: "interrupted", landed: null });
  const statuses = Object.fromEntries(ended.units.map(({ id, status }) => [id, status]));
  expect(statuses).toMatchObject({ alpha: "running", beta: "running" });
}

test.concurrent.each([
  ["SIGINT", 130, "--json"],
  ["SIGTERM", 143, "--ndjson"],
  ["SIGINT", 130, "-v"],
] as const)(
  "%s twice stops now, exit %i, says the end with %s, leaves no process, and can be resumed",
  async (signal, code, how) => {
    const deaf = `trap '' TERM INT; touch "$PLEACH_OUTBOX"/deaf; while :; do sleep 0.1; done`;
    const scene = await makeScene({
      config: { workers: { hand: { type: "command", command: deaf } } },
    });
    undo.push(() => removeScene(scene));
    const args = runArguments(scene).map((word) => (word === "--json" ? how : word));
    const started = startPleach(scene, args);
    undo.push(() => started.kill());
    await eventually(() => started.said().stderr.includes("beta    attempt 1 started"));
    const run = theRun(scene);
    await eventually(() => runningWith(`PLEACH_RUN=${run}`).length >= 2);
    started.signal(signal);
    await eventually(() => started.said().stderr.includes("beta    attempt 1 is being stopped"));
    started.signal(signal);
    const began = performance.now();
    const ran = await started.ended;
    expect(ran.code).toBe(code);
    expect(performance.now() - began).toBeLessThan(8000);
    expectSaysItsEnd(ran.stdout, { run, how });
    expect(ran.stderr).toContain(`go on with \`pleach resume ${run}\`\n`);
    expect(runningWith(`PLEACH_RUN=${run}`)).toEqual([]);
    const cancelled = startPleach(scene, ["cancel", run]);
    expect((await cancelled.ended).code).toBe(0);
    const end = await startPleach(scene, ["resume", "--json"]).ended;
    expect([end.code, JSON.parse(end.stdout)]).toMatchObject([130, { outcome: "cancelled" }]);
    await expectNothingLeft(scene);
  },
);

test.concurrent("a run that is cancelled from another process lands nothing", async () => {
  const went = await going();
  const { scene, started, run, user } = went;
  const tip = await scene.repository.git("rev-parse", "main");
  expect((await startPleach(scene, ["cancel", run]).ended).code).toBe(0);
  const ran = await started.ended;
  const ended = JSON.parse(ran.stdout) as { units: { status: string }[] };
  expect([ran.code, ended]).toMatchObject([130, { outcome: "cancelled", landed: null }]);
  expect(ended.units.map(({ status }) => status)).toEqual(Array(4).fill("cancelled"));
  expect(await scene.repository.git("rev-parse", "main")).toBe(tip);
  expect(await userOf(scene)).toEqual(user);
  expect(await inSnapshots(went, "alpha/half")).toEqual(["half"]);
  await expectNothingLeft(scene);
});

test.concurrent("one unit that is cancelled takes those after it with it, and the others go on", async () => {
  const { scene, started, run } = await going({ config: { land: "partial" } });
  const nobody = await startPleach(scene, ["cancel", "nobody"]).ended;
  expect([nobody.code, nobody.stderr]).toEqual([2, expect.stringContaining("has a unit nobody")]);
  const told = await startPleach(scene, ["cancel", "beta"]).ended;
  expect([told.code, told.stdout]).toEqual([0, `cancel beta: run ${run}, it was told\n`]);
  await eventually(() => eventsOf(scene, "unit-cancelled").length > 0);
  openGate(scene);
  const ran = await started.ended;
  const ended = JSON.parse(ran.stdout) as { units: { id: string; status: string }[] };
  expect([ran.code, ended]).toMatchObject([1, { outcome: "partial" }]);
  const statuses = Object.fromEntries(ended.units.map(({ id, status }) => [id, status]));
  expect(statuses).toMatchObject({ alpha: "merged", beta: "cancelled", gamma: "merged" });
  expect(["failed", "cancelled"]).toContain(statuses["delta"]);
  expect(scene.repository.read("beta/file")).toBe("beta\n");
});

test.concurrent("a paused run begins nothing until it is resumed, and then ends", async () => {
  const went = await going();
  const { scene, started } = went;
  expect((await startPleach(scene, ["pause"]).ended).code).toBe(0);
  await eventually(() => eventsOf(scene, "run-paused").length > 0);
  openGate(scene);
  await eventually(() => eventsOf(scene, "unit-finished").length === 2);
  const told = eventsOf(scene, "unit-started").length;
  expect([told, eventsOf(scene, "merge-started").length]).toEqual([2, 0]);
  expect((await startPleach(scene, ["resume"]).ended).code).toBe(0);
  const ran = await started.ended;
  expect(await endOf(scene, ran)).toMatchObject({ code: 0, outcome: "complete" });
  expect(readFileSync(`${scene.repository.path}/mine`, "utf8")).toBe("edited\n");
  await expectNothingLeft(scene);
});
