/** The roster: who may be at work at once, over the whole run. */
import { expect, test } from "vitest";
import { Roster, Seat } from "../../src/agent/roster.ts";

const never = new AbortController().signal;

function roster(agents: number): Roster {
  return new Roster({ agents, agentsPerParent: 5, agentsPerRun: 10, depth: 3 });
}

test("first come, first served; who comes back goes before who begins", async () => {
  const one = roster(1);
  const [first, second, third] = [0, 1, 2].map(() => new Seat(one, never)) as [Seat, Seat, Seat];
  const order: string[] = [];
  await first.take();
  const begun = [second, third].map((seat, at) => seat.take().then(() => order.push(`${at + 2}`)));
  const back = first.away(async () => void (await begun[0])).then(() => order.push("1 again"));
  await begun[0];
  // The first wants its place back by now, and the third has waited all the time.
  await new Promise((resolve) => setImmediate(resolve));
  second.give();
  await back;
  expect(one.working).toBe(1);
  first.give();
  await begun[1];
  expect(order).toEqual(["2", "1 again", "3"]);
  third.give();
  expect(one.working).toBe(0);
});

test("whoever is stopped while waiting leaves the queue, and nobody's place is lost", async () => {
  const one = roster(1);
  await one.enter(never);
  const stop = new AbortController();
  const stopped = one.enter(stop.signal);
  const next = one.enter(never);
  stop.abort();
  expect(await stopped).toBe(false);
  one.leave();
  expect(await next).toBe(true);
  expect(await one.enter(AbortSignal.abort())).toBe(false);
  expect(one.working).toBe(1);
});

test("no two that start at once are both the last of the run", async () => {
  const one = new Roster({ agents: 8, agentsPerParent: 5, agentsPerRun: 3, depth: 3 });
  let started = 0;
  const start = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    started += 1;
  };
  const admitted = await Promise.all(
    Array.from({ length: 8 }, () => one.admit(() => started, start)),
  );
  expect(admitted).toEqual([true, true, true, false, false, false, false, false]);
});

test("a start that fails keeps nobody else out", async () => {
  const one = roster(1);
  const fail = () => Promise.reject(new Error("disk full"));
  await expect(one.admit(() => 0, fail)).rejects.toThrow("disk full");
  expect(
    await one.admit(
      () => 0,
      async () => undefined,
    ),
  ).toBe(true);
});
