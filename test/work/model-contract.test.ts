/** A model with tools keeps the contract of every worker. */
import { beforeAll } from "vitest";
import { readBuiltInRoles } from "../../src/agent/roles/built-in.ts";
import { Roster } from "../../src/agent/roster.ts";
import type { Glob } from "../../src/core/id.ts";
import type { Role } from "../../src/core/role.ts";
import type { Worker } from "../../src/core/worker.ts";
import { ModelLane } from "../../src/host/model-lane.ts";
import { createModelWorker } from "../../src/work/model-worker.ts";
import { answersIn, type Script, scriptedModel, type Turn } from "../support/scripted-model.ts";
import type { WorkPlace } from "../support/work-place.ts";
import { testWorkerContract } from "./worker-contract.ts";

let roles: readonly Role[] = [];
beforeAll(async () => {
  roles = await readBuiltInRoles();
});

function workerOf(script: Script, turnsMax = 30): Worker {
  const model = scriptedModel(script);
  const access = { model, lane: new ModelLane(), window: 1_000_000, outputTokensMax: 1000 };
  const worker = createModelWorker({
    name: "scripted",
    modelOf: () => access,
    roster: new Roster({ agents: 8, agentsPerParent: 5, agentsPerRun: 50, depth: 3 }),
    roles,
    turnsMax,
    agentTimeoutMs: 600_000,
    agentBudget: {},
    decide: () => ({ decision: "allow" }),
    shell: { network: false, timeoutMs: 60_000, caches: [] },
    ownerOf: () => undefined,
    isProtected: () => false,
    conventionsOf: async () => [],
    redact: (text) => text,
    now: Date.now,
  });
  return {
    name: worker.name,
    // What a unit owns is no matter of the contract.
    work: (assignment, ...rest) => {
      const owns = [...assignment.owns, "**" as Glob];
      return worker.work({ ...assignment, owns }, ...rest);
    },
  };
}

/** Reads every file, edits every file, and is done. */
function renaming(place: WorkPlace): Script {
  return (request) => {
    const files = place.git("ls-files", "-z").split("\0").filter(Boolean);
    if (!JSON.stringify(request.messages).includes("The files there are now"))
      return { text: "nothing to do" };
    const edits = [{ old: "oldName", new: "newName" }];
    const turns: readonly Turn[] = [
      { calls: files.map((file) => ["read", { path: file }]) },
      { calls: files.map((file) => ["edit", { path: file, edits }]) },
    ];
    return turns[answersIn(request)] ?? { text: "renamed" };
  };
}

testWorkerContract({
  name: "a model with tools",
  renaming: (place) => workerOf(renaming(place)),
  failing: () => workerOf(() => ({ calls: [["list", {}]] }), 2),
  running: (_, program) =>
    workerOf((request) => {
      if (answersIn(request) > 0) return { text: "ran it" };
      return { calls: [["shell", { command: `node '${program}'` }]] };
    }),
});
