/** Agents whose whole process group is killed in the middle of what they do: they go on, and nothing is paid for twice but what
 *  was under way. */
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { sumOf } from "../../src/core/spend.ts";
import type { FinalDocument } from "../../src/view/document.ts";
import { eventually } from "../support/eventually.ts";
import { brokenPromises } from "../support/kept-promises.ts";
import {
  callsInFlight,
  expectScripted,
  makeModelScene,
  paidTwice,
  requestsOf,
  resultsTold,
  runPlan,
  script,
  transcriptsOf,
  unitCalled,
} from "../support/model-run.ts";
import { planned, unitIn } from "../support/scene.ts";
import { runningWith } from "../support/scratch.ts";

test("killed while a tool runs and a subagent is answered, then again in mid-turn, a run still ends whole", async () => {
  const scene = await makeModelScene({
    fixtures: [
      ...script(unitCalled("slow"), [
        { calls: [["write", { path: "slow.txt", content: "one\n" }]] },
        { calls: [["shell", { command: "echo two >> slow.txt; touch begun.ignored; sleep 60" }]] },
        { calls: [["read", { path: "slow.txt" }]], latency: 700 },
        { text: "It has two lines." },
      ]),
      ...script(unitCalled("nest"), [
        {
          calls: [
            ["task", { description: "PART ONE" }],
            ["task", { description: "PART TWO" }],
          ],
        },
        { text: "Both parts." },
      ]),
      ...script("PART ONE", [
        { calls: [["write", { path: "nest/1", content: "1\n" }]] },
        { text: "one", latency: 3000 },
      ]),
      ...script("PART TWO", [
        { calls: [["write", { path: "nest/2", content: "2\n" }]] },
        { text: "two" },
      ]),
    ],
    files: { ".gitignore": "*.ignored\n" },
  });
  const plan = scene.plan({ units: [planned("slow"), planned("nest", { owns: ["nest/**"] })] });
  const first = scene.start([...runPlan(plan), "--json"]);
  let run = "";
  const isAt = (agent: string, answers: number) => {
    const [name] = runsIn(scene.repository.path);
    run = name ?? "";
    const lines = transcriptsOf(scene, run).get(agent) ?? [];
    const isAsking = lines.at(-1)?.type === "asked";
    return isAsking && lines.filter(({ type }) => type === "answered").length === answers;
  };
  const worktrees = path.join(scene.stateHome, "worktrees");
  const runsTool = () => namesBelow(worktrees).some((name) => name.endsWith("begun.ignored"));
  // The second part is over: only the first may be asked again.
  const isOver = () => transcriptsOf(scene, run).get("nest/coder.2")?.at(-1)?.type === "ended";
  await eventually(() => runsTool() && isAt("nest/coder.1", 1) && isOver());
  first.kill();
  expect((await first.ended).by).toBe("SIGKILL");
  const atFirst = callsInFlight(scene, run);
  expect(atFirst).toBeGreaterThan(0);

  const second = scene.start(["resume", "--json"]);
  await eventually(() => isAt("slow/coder", 2));
  second.kill();
  expect((await second.ended).by).toBe("SIGKILL");
  const inFlight = atFirst + callsInFlight(scene, run);

  const { code, document } = await scene.ask<FinalDocument>(["resume"], {
    lands: { paths: ["slow.txt", "nest", "nest/1", "nest/2"] },
  });
  await expectScripted(scene.server);
  expect({ code, outcome: document.outcome }).toEqual({ code: 0, outcome: "complete" });
  expect(scene.repository.read("slow.txt")).toBe("one\ntwo\n");
  const told = (await requestsOf(scene.server, unitCalled("slow"))).flatMap(resultsTold);
  // What may have taken effect is not done again.
  expect(told).toContainEqual(expect.stringMatching(/^Error: cut off by a restart/));
  const twice = await paidTwice(scene.server);
  expect(twice.length).toBeLessThanOrEqual(inFlight);
  expect(twice.filter((messages) => messages.includes("PART TWO"))).toEqual([]);
  expect(runningWith(`PLEACH_RUN=${run}`)).toEqual([]);
  expect(unitIn(document, "nest").agents.map(({ id, status }) => [id, status])).toEqual([
    ["coder", "completed"],
    ["coder.1", "completed"],
    ["coder.2", "completed"],
  ]);
  for (const { agents, spend, estimated } of document.units) {
    expect(agents.map((agent) => agent.spend).reduce(sumOf)).toEqual(spend);
    // A call in flight is booked with what was reserved for it.
    expect([estimated, agents.some((agent) => agent.estimated)]).toEqual([true, true]);
  }
  const place = { checkout: scene.repository.path, stateHome: scene.stateHome };
  expect(await brokenPromises(place, document)).toEqual([]);
});

function runsIn(checkout: string): readonly string[] {
  return namesIn(path.join(checkout, ".git/pleach/runs"));
}

function namesIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

function namesBelow(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: "utf8" }) : [];
}
