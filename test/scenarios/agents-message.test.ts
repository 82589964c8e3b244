/** Agents that have ended and are spoken to again, by `pleach message`, after their run has finished. */
import { existsSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import type { FinalDocument } from "../../src/view/document.ts";
import { eventually } from "../support/eventually.ts";
import { brokenPromises } from "../support/kept-promises.ts";
import {
  eventsIn,
  expectScripted,
  makeModelScene,
  paidTwice,
  requestsOf,
  runPlan,
  script,
  transcriptsOf,
  unitCalled,
  wordsOf,
} from "../support/model-run.ts";
import { type ErrorDocument, planned, unitIn } from "../support/scene.ts";

interface Told {
  readonly status: string;
  readonly answer: string | null;
  readonly reason: { readonly type: string } | null;
  readonly changed: readonly string[];
  readonly integration: string;
}

const write = (file: string, content: string) => ({
  calls: [["write", { path: file, content }] as const],
});

test("a finished run's agents answer, mend and add to their work; nothing is paid twice, and nothing lands by itself", async () => {
  const scene = await makeModelScene({
    fixtures: [
      ...script(unitCalled("good"), [write("good.txt", "one\n"), { text: "Wrote one." }]),
      ...script(unitCalled("bad"), [
        write("bad.txt", "wrong\n"),
        { calls: [["finish", { data: { is: "given up" } }]] },
      ]),
      ...script("does not pass", [{ text: "I cannot." }, { text: "I cannot." }], { from: 2 }),
      ...script("WHY ONE", [{ text: "Because one is the first." }], { from: 2 }),
      ...script("MAKE IT RIGHT", [write("bad.txt", "right\n"), { text: "Right now." }], {
        from: 4,
      }),
      ...script(
        "ADD TWO",
        [
          { calls: [["read", { path: "good.txt" }]] },
          write("good.txt", "one\ntwo\n"),
          { text: "Added two." },
        ],
        { from: 3 },
      ),
    ],
    config: { limits: { attempts: 1, turns: 4 } },
  });
  const plan = scene.plan({
    units: [planned("good"), planned("bad", { checks: ["! grep wrong bad.txt"] })],
  });
  const kept = { kept: ["refs/heads/pleach/"] };
  const ran = await scene.ask<FinalDocument>(runPlan(plan), kept);
  expect({ code: ran.code, bad: unitIn(ran.document, "bad").reason?.type }).toEqual({
    code: 1,
    bad: "out_of_turns",
  });
  const { run } = ran.document;

  const why = await scene.ask<Told>(["message", `${run}/good`, "WHY ONE"], kept);
  await expectScripted(scene.server);
  expect({ code: why.code, ...why.document }).toMatchObject({
    code: 0,
    status: "merged",
    answer: "Because one is the first.",
    changed: ["good.txt"],
    integration: ran.document.integration,
  });

  const right = await scene.ask<Told>(["message", `${run}/bad`, "MAKE IT RIGHT"], kept);
  await expectScripted(scene.server);
  expect({ code: right.code, ...right.document }).toMatchObject({
    code: 0,
    status: "merged",
    answer: "Right now.",
    reason: null,
    changed: ["bad.txt"],
  });

  const more = await scene.type(["message", `${run}/good`, "ADD TWO"], kept);
  await expectScripted(scene.server);
  expect(more).toMatchObject({ code: 0, stdout: expect.stringContaining(`pleach land ${run}`) });
  expect(more.stdout).toContain("Added two.");
  expect(existsSync(path.join(scene.repository.path, "good.txt"))).toBe(false);
  expect(await paidTwice(scene.server)).toEqual([]);
  const asked = (await requestsOf(scene.server, "ADD TWO")).at(0);
  expect(asked === undefined ? "" : wordsOf(asked)).toContain("Because one is the first.");

  const landed = await scene.ask<FinalDocument>(["land", run], {
    lands: { paths: ["good.txt", "bad.txt"] },
  });
  expect({ code: landed.code, outcome: landed.document.outcome }).toEqual({
    code: 0,
    outcome: "complete",
  });
  expect(scene.repository.read("good.txt")).toBe("one\ntwo\n");
  expect(scene.repository.read("bad.txt")).toBe("right\n");
  expect(eventsIn(scene, run, "run-finished").length).toBe(4);
  const place = { checkout: scene.repository.path, stateHome: scene.stateHome };
  expect(await brokenPromises(place, landed.document)).toEqual([]);
});

test("killed while it is answered, what was said is heard by a resume, and no answer is paid twice", async () => {
  const scene = await makeModelScene({
    fixtures: [
      ...script(unitCalled("good"), [write("good.txt", "one\n"), { text: "Wrote one." }]),
      ...script("ADD TWO", [{ calls: [["read", { path: "good.txt" }]] }], { from: 2 }),
      ...script("ADD TWO", [{ ...write("good.txt", "one\ntwo\n"), latency: 1000 }], { from: 3 }),
      ...script("ADD TWO", [{ text: "Added two." }], { from: 4 }),
    ],
  });
  const kept = { kept: ["refs/heads/pleach/"] };
  const plan = scene.plan({ units: [planned("good")] });
  const ran = await scene.ask<FinalDocument>([...runPlan(plan), "--land", "never"], kept);
  const { run } = ran.document;
  const told = scene.start(["message", `${run}/good`, "ADD TWO"]);
  const asks = () => {
    const lines = transcriptsOf(scene, run).get("good/coder") ?? [];
    return (
      lines.at(-1)?.type === "asked" && lines.filter(({ type }) => type === "answered").length === 3
    );
  };
  await eventually(asks);
  told.kill();
  expect((await told.ended).by).toBe("SIGKILL");

  const resumed = await scene.ask<FinalDocument>(["resume"], kept);
  await expectScripted(scene.server);
  expect({ code: resumed.code, outcome: resumed.document.outcome }).toEqual({
    code: 0,
    outcome: "complete",
  });
  const { integration } = resumed.document;
  expect(await scene.repository.git("show", `${integration}:good.txt`)).toBe("one\ntwo");
  expect((await paidTwice(scene.server)).length).toBeLessThanOrEqual(1);
  expect(eventsIn(scene, run, "landed")).toEqual([]);
});

test("a unit without anything left of its budget, or without a conversation, says so and what to type", async () => {
  const scene = await makeModelScene({
    fixtures: script(unitCalled("dear"), [
      { ...write("dear.txt", "d\n"), usage: { prompt_tokens: 3000, completion_tokens: 100 } },
      { text: "Done.", usage: { prompt_tokens: 19_000, completion_tokens: 100 } },
    ]),
    model: { outputTokensMax: 100 },
  });
  const plan = scene.plan({ units: [planned("dear", { budget: { tokens: 20_000 } })] });
  const ran = await scene.ask<FinalDocument>(runPlan(plan), { lands: { paths: ["dear.txt"] } });
  expect(ran.code).toBe(0);
  const { run } = ran.document;
  const refused = await scene.ask<ErrorDocument>(["message", `${run}/dear`, "more"]);
  expect({ code: refused.code, error: refused.document.error }).toMatchObject({
    code: 2,
    error: {
      code: "unit_ended",
      message: "the budget of the unit dear is spent (budget.unit)",
      advice: expect.stringContaining("pleach logs"),
    },
  });
  expect((await requestsOf(scene.server, unitCalled("dear"))).length).toBe(2);
});
