import { describe, expect, it } from "vitest";
import type { Model, ModelFault, ModelOutcome } from "../../src/core/model.ts";
import { noSpend } from "../../src/core/spend.ts";
import { createModel } from "../../src/host/model.ts";
import { ModelLane } from "../../src/host/model-lane.ts";
import { askPatiently, type PatienceOptions } from "../../src/host/model-retry.ts";
import { type HandClock, handClock } from "../support/hand-clock.ts";
import { modelRequest, modelSettings } from "../support/model-scene.ts";
import {
  bodied,
  delta,
  done,
  inTurn,
  rawModelServer,
  streamed,
} from "../support/raw-model-server.ts";

const never = new AbortController().signal;
const answer = { text: "Hi", calls: [], spend: noSpend, estimated: false };
const answered: ModelOutcome = { type: "answered", answer };

/** The port itself, scripted: what is under test is only how patiently it is asked. */
function modelOf(next: (asked: number) => ModelOutcome): Model & { asked: number[] } {
  const clockless: number[] = [];
  return {
    name: "model",
    asked: clockless,
    ask: async ({ outputTokensMax }) => {
      clockless.push(outputTokensMax ?? 0);
      return next(clockless.length);
    },
    countTokens: () => 0,
    priceOf: () => undefined,
  };
}

const failing = (fault: Partial<ModelFault>): ModelOutcome => ({
  type: "failed",
  fault: { kind: "overloaded", message: "host answered 503: Busy", ...fault },
});

async function patiently<R = never>(
  model: Model,
  options: Partial<PatienceOptions<R>> = {},
  clock: HandClock = handClock(),
) {
  const lane = new ModelLane({ clock, random: () => 1 });
  const asking = askPatiently<R>(model, modelRequest("go"), {
    signal: never,
    lane,
    clock,
    random: () => 1,
    ...options,
  });
  const waits = await clock.passAll();
  return { outcome: await asking, waits };
}

describe("asking a model patiently", () => {
  it("tries again what may pass, each time after twice as long", async () => {
    const model = modelOf((asked) => (asked < 5 ? failing({}) : answered));
    expect(await patiently(model)).toEqual({
      outcome: answered,
      waits: [1_000, 2_000, 4_000, 8_000],
    });
  });

  it("waits for a time that is not the same for all", async () => {
    const shortest = await patiently(
      modelOf((asked) => (asked < 4 ? failing({}) : answered)),
      { random: () => 0 },
    );
    expect(shortest.waits).toEqual([500, 1_000, 2_000]);
  });

  it("gives up after six tries in a row with a word for the user", async () => {
    const model = modelOf(() => failing({}));
    const { outcome } = await patiently(model);
    expect(model.asked).toHaveLength(6);
    expect(outcome).toMatchObject({ type: "out", fault: { kind: "overloaded" } });
    const failure = outcome.type === "out" ? outcome.failure : undefined;
    expect(failure).toMatchObject({
      kind: "provider",
      code: "provider_overloaded",
      exitCode: 6,
      message:
        "the provider of worker model cannot be used, after 6 tries: host answered 503: Busy",
    });
  });

  it.each(["refused_key", "no_credit", "not_found"] as const)(
    "gives up at once: %s",
    async (kind) => {
      const model = modelOf(() => failing({ kind }));
      expect((await patiently(model)).outcome).toMatchObject({
        type: "out",
        failure: { kind: "provider", code: `provider_${kind}` },
      });
      expect(model.asked).toHaveLength(1);
    },
  );

  it.each([
    { kind: "bad_request" },
    { kind: "too_long" },
    { kind: "cut", atLength: true },
  ] as const)("hands back what is the request's own fault: %o", async (fault) => {
    const model = modelOf(() => failing(fault));
    expect((await patiently(model)).outcome).toMatchObject({ type: "failed", fault });
    expect(model.asked).toHaveLength(1);
  });

  it("waits at least as long as the provider says, the lane's part in it", async () => {
    const model = modelOf((asked) =>
      asked === 1 ? failing({ kind: "rate_limited", retryAfterMs: 30_000 }) : answered,
    );
    const clock = handClock();
    const { outcome } = await patiently(model, {}, clock);
    expect(outcome).toEqual(answered);
    expect(clock.now()).toBeGreaterThanOrEqual(33_000);
    expect(clock.now()).toBeLessThan(40_000);
  });

  it("does not wait for a provider that wants more time than there is", async () => {
    const model = modelOf(() => failing({ kind: "rate_limited", retryAfterMs: 3_600_000 }));
    expect(await patiently(model)).toMatchObject({ outcome: { type: "out" }, waits: [] });
  });

  it("is patient for longer where the provider serves others meanwhile", async () => {
    const clock = handClock();
    const lane = new ModelLane({ clock, random: () => 1 });
    const model = modelOf((asked) => (asked < 20 ? failing({ kind: "rate_limited" }) : answered));
    const others = async () => {
      while (model.asked.length < 20) {
        (await lane.enter(never))?.leave({ type: "went_well" });
        await clock.wait(900, never);
      }
    };
    const served = others();
    const { outcome } = await patiently(model, { lane }, clock);
    expect(outcome).toEqual(answered);
    await served;
  });

  it("shows each try before and after it, and asks for no more than it is permitted", async () => {
    const seen: unknown[] = [];
    const model = modelOf((asked) => (asked === 1 ? failing({ kind: "cut" }) : answered));
    await patiently(model, {
      beforeTry: async (attempt) => {
        seen.push(["before", attempt]);
        return { type: "go", outputTokensMax: 100 * attempt };
      },
      afterTry: async (outcome, attempt) => {
        seen.push(["after", attempt, outcome.type]);
      },
    });
    expect(seen).toEqual([
      ["before", 1],
      ["after", 1, "failed"],
      ["before", 2],
      ["after", 2, "answered"],
    ]);
    expect(model.asked).toEqual([100, 200]);
  });

  it("asks nothing that is not permitted", async () => {
    const model = modelOf(() => answered);
    const { outcome } = await patiently<string>(model, {
      beforeTry: async () => ({ type: "refused", why: "over budget" }),
    });
    expect(outcome).toEqual({ type: "refused", why: "over budget" });
    expect(model.asked).toEqual([]);
  });

  it("gives its place back when a hook fails", async () => {
    const clock = handClock();
    const lane = new ModelLane({ clock, widthMax: 1 });
    const beforeTry = async () => {
      throw new Error("the disk is full");
    };
    const asking = askPatiently(
      modelOf(() => answered),
      modelRequest("go"),
      { signal: never, lane, clock, beforeTry },
    );
    await expect(asking).rejects.toThrow("the disk is full");
    expect(await lane.enter(never)).toBeDefined();
  });

  it("stops while it waits", async () => {
    const controller = new AbortController();
    const clock = handClock();
    const model = modelOf(() => failing({}));
    const asking = askPatiently(model, modelRequest("go"), {
      signal: controller.signal,
      lane: new ModelLane({ clock }),
      clock,
      afterTry: async () => void setImmediate(() => controller.abort()),
    });
    expect(await asking).toEqual({ type: "stopped" });
    expect(model.asked).toHaveLength(1);
  });

  it("gets through a bad day of a real server", async () => {
    const server = await rawModelServer(
      inTurn(
        bodied(429, '{"error":{"message":"Slow down"}}', { "retry-after": "2" }),
        bodied(503, "<html><title>Busy</title></html>"),
        streamed(delta({ content: "Hel" })),
        (response) => response.destroy(),
        streamed(delta({ content: "Hello" }, "stop"), done),
      ),
    );
    const clock = handClock();
    const lane = new ModelLane({ clock });
    const model = await createModel(modelSettings(server.baseURL), { name: "model", key: "k" });
    const kinds: unknown[] = [];
    const asking = askPatiently(model, modelRequest("go"), {
      signal: never,
      lane,
      clock,
      afterTry: async (outcome) => {
        kinds.push(outcome.type === "failed" ? outcome.fault.kind : outcome.type);
      },
    });
    const ticking = (async () => {
      while (server.requests.length < 5) await clock.pass(1_000);
    })();
    expect(await asking).toMatchObject({ type: "answered", answer: { text: "Hello" } });
    await ticking;
    expect(kinds).toEqual(["rate_limited", "overloaded", "cut", "cut", "answered"]);
    expect(lane.width).toBeLessThan(5);
  });
});
