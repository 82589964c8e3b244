import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type LanePass, ModelLane, ModelLanes } from "../../src/host/model-lane.ts";
import { type HandClock, handClock } from "../support/hand-clock.ts";

const never = new AbortController().signal;
const tooMuch = { type: "too_much" } as const;
const well = { type: "went_well" } as const;

function lane(widthMax: number, clock: HandClock = handClock()): ModelLane {
  return new ModelLane({ clock, random: () => 0.5, widthMax });
}

async function enterAll(to: ModelLane, count: number): Promise<readonly LanePass[]> {
  const passes = await Promise.all(Array.from({ length: count }, () => to.enter(never)));
  return passes.filter((pass) => pass !== undefined);
}

describe("the lane to a provider", () => {
  it("lets in as many at once as it is wide, in the order in which they came", async () => {
    const clock = handClock();
    const narrow = lane(2, clock);
    const [first, second] = await enterAll(narrow, 2);
    const came: string[] = [];
    const comes = async (name: string) => {
      await narrow.enter(never);
      came.push(name);
    };
    const third = comes("third");
    const fourth = comes("fourth");
    await clock.pass(1_000);
    expect(came).toEqual([]);
    second?.leave(well);
    await third;
    expect(came).toEqual(["third"]);
    first?.leave(well);
    await fourth;
    expect(came).toEqual(["third", "fourth"]);
  });

  it("is half as wide after too much, once for all that went out together", async () => {
    const wide = lane(64);
    const passes = await enterAll(wide, 32);
    for (const pass of passes) pass.leave(tooMuch);
    expect(wide.width).toBe(16);
    const again = await enterAll(wide, 16);
    again[0]?.leave(tooMuch);
    expect(wide.width).toBe(8);
  });

  it("is never closed, and grows by one for each round that went well", async () => {
    const narrow = lane(4);
    for (let round = 0; round < 10; round += 1) (await enterAll(narrow, 1))[0]?.leave(tooMuch);
    expect(narrow.width).toBe(1);
    const widths = [];
    for (let round = 0; round < 12; round += 1) {
      (await enterAll(narrow, 1))[0]?.leave(well);
      widths.push(narrow.width);
    }
    expect(widths).toEqual([2, 2, 2, 3, 3, 3, 4, 4, 4, 4, 4, 4]);
  });

  it("holds all back for as long as the provider says, and then lets them go one after the other", async () => {
    const clock = handClock();
    const held = lane(8, clock);
    const [pass, other] = await enterAll(held, 2);
    pass?.leave({ type: "too_much", retryAfterMs: 10_000 });
    other?.leave({ type: "unknown" });
    let isIn = false;
    const next = held.enter(never).then((got) => {
      isIn = true;
      return got;
    });
    await clock.pass(9_999);
    expect(isIn).toBe(false);
    await clock.pass(1);
    expect(isIn).toBe(false);
    await clock.pass(1_250);
    expect(isIn).toBe(true);
    (await next)?.leave(well);
    await enterAll(held, 1);
    expect(clock.now()).toBe(11_250);
  });

  it("lets only a few go in one turn of the event loop, for all others need it too", async () => {
    const wide = lane(64);
    let entered = 0;
    for (let agent = 0; agent < 64; agent += 1) {
      void wide.enter(never).then(() => {
        entered += 1;
      });
    }
    const most = [];
    while (entered < 64) {
      const before = entered;
      await new Promise((resolve) => setImmediate(resolve));
      most.push(entered - before);
    }
    expect(Math.max(...most)).toBeLessThanOrEqual(8);
  });

  it("lets nobody wait who was stopped, and loses no place by it", async () => {
    const narrow = lane(1);
    const [pass] = await enterAll(narrow, 1);
    const controller = new AbortController();
    const stopped = narrow.enter(controller.signal);
    const patient = narrow.enter(never);
    controller.abort();
    expect(await stopped).toBeUndefined();
    pass?.leave(well);
    expect(await patient).toBeDefined();
    expect(await narrow.enter(AbortSignal.abort())).toBeUndefined();
  });

  it("gets everybody through, whatever comes of them and whoever is stopped", async () => {
    const news = fc.oneof(
      fc.constant(well),
      fc.constant(tooMuch),
      fc.constant({ type: "unknown" } as const),
      fc.record({ type: fc.constant("too_much" as const), retryAfterMs: fc.nat(400_000) }),
    );
    const asker = fc.record({ news, isStopped: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(
        fc.array(asker, { maxLength: 40 }),
        fc.integer({ min: 1, max: 8 }),
        async (askers, width) => {
          const clock = handClock();
          const random = lane(width, clock);
          let active = 0;
          let most = 0;
          let isOver = false;
          const each = askers.map(async ({ news, isStopped }) => {
            const controller = new AbortController();
            const entering = random.enter(controller.signal);
            if (isStopped) controller.abort();
            const pass = await entering;
            if (pass === undefined) return "stopped";
            active += 1;
            most = Math.max(most, active);
            await clock.wait(100, never);
            active -= 1;
            pass.leave(news);
            return "done";
          });
          const all = Promise.all(each).finally(() => {
            isOver = true;
          });
          // Some wait for no time to pass, but for their turn.
          while (!isOver) await clock.passAll();
          const ends = await all;
          // One that was in already when it was stopped is done in its own time.
          for (const [at, { isStopped }] of askers.entries()) {
            expect(isStopped ? ["stopped", "done"] : ["done"]).toContain(ends[at]);
          }
          expect(most).toBeLessThanOrEqual(width);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("is one for each address, however it is spelt", () => {
    const lanes = new ModelLanes();
    expect(lanes.of("http://localhost:1/v1/")).toBe(lanes.of("http://localhost:1/v1"));
    expect(lanes.of("http://localhost:1/v1")).not.toBe(lanes.of("http://localhost:2/v1"));
  });
});
