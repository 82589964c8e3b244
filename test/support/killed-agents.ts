/** A run of many agents that is killed again and again and resumed to its end, and what the server would want to be paid for it. */
import path from "node:path";
import { expect } from "vitest";
import type { FinalDocument } from "../../src/view/document.ts";
import { brokenPromises } from "./kept-promises.ts";
import { hasBegun, journalOf, type Kill, runsOf } from "./killed-run.ts";
import {
  type Bill,
  billed,
  callsInFlight,
  type ModelScene,
  makeModelScene,
  paidTwice,
  runPlan,
  type Said,
  script,
  unitCalled,
} from "./model-run.ts";
import type { ModelFixture } from "./model-server.ts";
import { planned } from "./scene.ts";
import { runningWith } from "./scratch.ts";

const preload = path.join(import.meta.dirname, "kill-at-line.mjs");
const usage = { prompt_tokens: 3000, completion_tokens: 100 };
const ids = ["one", "two", "three"];

/** Three units, each of which has two subagents at work at once, one of them in the background; now and then the server is busy. */
const fixtures: readonly ModelFixture[] = ids.flatMap((id) => [
  ...busyAt(unitCalled(id)),
  ...script(unitCalled(id), [
    call("write", { path: `${id}/main`, content: "begun\n" }),
    {
      usage,
      calls: [
        ["task", { description: `LEFT of ${id}` }],
        ["task", { description: `RIGHT of ${id}`, background: true }],
      ],
    },
    { usage, text: "I wait." },
  ]),
  ...[2, 3].flatMap((from) =>
    script(
      "coder.2 has ended",
      [call("shell", { command: `echo done >> ${id}/main` }), { usage, text: `All of ${id}.` }],
      { from },
    ),
  ),
  ...script(`LEFT of ${id}`, [
    call("write", { path: `${id}/left`, content: "left\n" }),
    { usage, text: "left", latency: 40 },
  ]),
  ...script(`RIGHT of ${id}`, [
    { ...call("write", { path: `${id}/right`, content: "right\n" }), latency: 60 },
    call("context_write", { key: id, value: "right" }),
    { usage, text: "right" },
  ]),
]);

function call(name: string, given: unknown): Said {
  return { calls: [[name, given]], usage };
}

function busyAt(userMessage: string): readonly ModelFixture[] {
  const error = { message: "slow down", type: "rate_limit_error" };
  const match = { userMessage, turnIndex: 0, sequenceIndex: 0 };
  return [{ match, response: { error, status: 429, retryAfter: 0.05 } }];
}

export interface KilledAgents {
  readonly killed: number;
  readonly code: number | null;
  readonly document: FinalDocument;
  readonly bill: Bill;
  readonly lines: number;
}

/** `more` are arguments of the run. Holds what must be so however it ended. */
export async function runKilledAgents(
  kills: readonly Kill[],
  more: readonly string[] = [],
): Promise<KilledAgents> {
  const scene = await makeModelScene({ fixtures, model: { outputTokensMax: 500 } });
  const units = ids.map((id) => planned(id, { owns: [`${id}/**`] }));
  const args = [...runPlan(scene.plan({ units }), ...more), "--json"];
  const place = { ...scene, folder: "", plan: "" };
  const command = () => (hasBegun(place) ? ["resume", "--json"] : args);
  let killed = 0;
  let inFlight = 0;
  for (const kill of kills) {
    const env = {
      NODE_OPTIONS: `--import=${preload}`,
      KILL_AT: `${kill.when} ${kill.line} ${"ms" in kill ? kill.ms : ""}`,
    };
    if ((await scene.start(command(), env).ended).by !== "SIGKILL") break;
    killed += 1;
    inFlight += inFlightNow(scene, place);
  }
  const ended = await scene.start(command()).ended;
  const document = JSON.parse(ended.stdout) as FinalDocument;
  const bill = await billed(scene.server);
  const what = `after ${JSON.stringify(kills)}: ${ended.stderr}`;
  expect([0, 5], what).toContain(ended.code);
  expect((await paidTwice(scene.server)).length, what).toBeLessThanOrEqual(inFlight);
  const { inputTokens, outputTokens } = document.spend;
  expect(inputTokens + outputTokens, what).toBeGreaterThanOrEqual(bill.input + bill.output);
  const checkout = scene.repository.path;
  expect(await brokenPromises({ checkout, stateHome: scene.stateHome }, document), what).toEqual(
    [],
  );
  expect(runningWith(`PLEACH_RUN=${document.run}`)).toEqual([]);
  const lines = journalOf(place, document.run).length;
  await scene.server.stop();
  return { killed, code: ended.code, document, bill, lines };
}

function inFlightNow(scene: ModelScene, place: Parameters<typeof runsOf>[0]): number {
  const [run] = runsOf(place);
  return run === undefined ? 0 : callsInFlight(scene, run);
}
