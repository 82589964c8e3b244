/** A provider that is out for longer than anybody waits: the run goes on once it is back. */
import { expect, test } from "vitest";
import type { FinalDocument } from "../../src/view/document.ts";
import {
  expectScripted,
  makeModelScene,
  paidTwice,
  runPlan,
  script,
  unitCalled,
} from "../support/model-run.ts";
import type { ModelFixture } from "../support/model-server.ts";
import { planned, unitIn } from "../support/scene.ts";

test("a provider that is out is tried a few times, then the run ends so that it can be resumed", async () => {
  const tries = 6;
  const out = Array.from({ length: tries }, (_, sequenceIndex): ModelFixture => {
    return {
      match: { userMessage: unitCalled("a"), turnIndex: 1, sequenceIndex },
      // Strict servers answer 503 themselves where nothing is scripted.
      response: { error: { message: "we are down", type: "server_error" }, status: 502 },
    };
  });
  const scene = await makeModelScene({
    fixtures: [
      ...out,
      ...script(unitCalled("a"), [
        { calls: [["write", { path: "a.txt", content: "a\n" }]] },
        { text: "Done." },
      ]),
    ],
  });
  const plan = scene.plan({ units: [planned("a")] });
  const first = await scene.ask<FinalDocument>(runPlan(plan), {
    kept: ["refs/heads/pleach/"],
    keepsWorktrees: true,
  });
  expect({ code: first.code, outcome: first.document.outcome }).toEqual({
    code: 6,
    outcome: "provider_unavailable",
  });
  expect(first.document.error?.message).toContain(`after ${tries} tries`);
  expect(unitIn(first.document, "a").reason).toBeNull();
  const { code, document } = await scene.ask<FinalDocument>(["resume"], {
    lands: { paths: ["a.txt"] },
  });
  await expectScripted(scene.server);
  expect({ code, outcome: document.outcome }).toEqual({ code: 0, outcome: "complete" });
  expect(await paidTwice(scene.server)).toEqual([]);
  expect(unitIn(document, "a").agents).toMatchObject([{ turns: 2 }]);
});
