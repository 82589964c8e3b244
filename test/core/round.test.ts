import { describe, expect, it } from "vitest";
import { decide } from "../../src/core/decide.ts";
import type { RunEvent } from "../../src/core/event.ts";
import type { Glob, UnitId } from "../../src/core/id.ts";
import type { MatchCheck } from "../../src/core/match.ts";
import { ownershipOfUnits } from "../../src/core/ownership.ts";
import { nextRound } from "../../src/core/round.ts";
import type { RunState } from "../../src/core/run.ts";
import { check, type Story, settings, startRun, unit } from "../support/run-state.ts";

const left: MatchCheck = {
  name: "no var",
  match: { type: "regex", source: "\\bvar\\b", flags: "" },
  files: [],
  timeoutMs: 60_000,
};
const limits = { ...settings.limits, attempts: 1 };

function story(more: Parameters<typeof startRun>[0]["settings"] = { limits }): Story {
  return startRun({ units: [unit("cart"), unit("shop")], doneWhen: [left], settings: more });
}

/** What decide records next, if it is one fact. */
function nextFact(state: RunState): RunEvent | undefined {
  const [action] = decide(state, { now: state.updatedAt, answerable: false });
  return action?.type === "record" ? action.event : undefined;
}

function goOn(run: Story): Story {
  const fact = nextFact(run.state());
  expect(fact?.type).toBe("round-started");
  return fact === undefined ? run : run.happened(fact);
}

describe("a round", () => {
  it("gives what is left over of a merged unit to a new one that goes on as that did", () => {
    const made = startRun({
      units: [unit("cart", { worker: "command", checks: [check("own")] }), unit("shop")],
      doneWhen: [left],
    }).complete("cart", "shop");
    expect(nextFact(made.find("no var", "src/cart/[id].ts").state())).toEqual({
      type: "round-started",
      round: 1,
      units: [
        {
          id: "cart-r1",
          title: "Left over of cart (1 place)",
          instructions: expect.stringMatching(
            /^Do cart\.\n\nThe unit cart has ended.*\/\\bvar\\b\/ still finds.*\n\n.*:\n\nsrc\/cart\/\[id\]\.ts \(1 place\)\n {2}3: var x$/s,
          ),
          owns: ["src/cart/\\[id\\].ts"],
          after: [],
          checks: [check("own")],
          worker: "command",
          round: 1,
        },
      ],
    });
  });

  it("hands the paths over: each has one owner, who is the newest", () => {
    const run = goOn(story().complete("cart", "shop").find("no var", "src/cart/a.ts"));
    const state = run.state();
    const ownership = ownershipOfUnits(state.plan.units);
    expect(ownership.owners("src/cart/a.ts")).toEqual(["cart-r1"]);
    expect(ownership.owners("src/cart/b.ts")).toEqual(["cart"]);
    expect(state.units.map(({ id, at }) => [id, at.phase])).toEqual([
      ["cart", "merged"],
      ["shop", "merged"],
      ["cart-r1", "waiting"],
    ]);
  });

  it("is followed by another for what is left over again, with names that are new", () => {
    const first = goOn(story().complete("cart", "shop").find("no var", "src/cart/a.ts"));
    const second = goOn(first.complete("cart-r1").find("no var", "src/cart/a.ts", "src/cart/b.ts"));
    const ids = second.state().plan.units.map(({ id }) => id);
    expect(ids).toEqual(["cart", "shop", "cart-r1", "cart-r2", "cart-2-r2"]);
    expect(
      second
        .state()
        .plan.units.at(-1)
        ?.instructions.match(/quoted/g),
    ).toHaveLength(1);
  });

  it("leaves alone what a unit owns that was not merged, and takes what nobody owns", () => {
    const run = story().complete("cart").start("shop").refuse("shop");
    const state = run.find("no var", "lib/new.ts", "src/cart/a.ts", "src/shop/a.ts").state();
    const round = nextRound(state);
    expect(round?.units.map(({ id, owns }) => [id, owns])).toEqual([
      ["cart-r1", ["src/cart/a.ts"]],
      ["left-r1", ["lib/new.ts"]],
    ]);
  });

  it("does not begin where only units that were not merged left something", () => {
    const run = story().complete("cart").start("shop").refuse("shop");
    expect(nextFact(run.find("no var", "src/shop/a.ts").state())).toEqual({
      type: "run-finished",
      outcome: "partial",
    });
  });

  it("does not begin after the last one that is allowed", () => {
    const none = story({ limits: { ...limits, rounds: 0 } }).complete("cart", "shop");
    const finished = { type: "run-finished", outcome: "partial" };
    expect(nextFact(none.find("no var", "src/cart/a.ts").state())).toEqual(finished);
    const one = story({ limits: { ...limits, rounds: 1 } }).complete("cart", "shop");
    const after = goOn(one.find("no var", "src/cart/a.ts")).complete("cart-r1");
    expect(nextFact(after.find("no var", "src/cart/a.ts").state())).toEqual(finished);
  });

  it("does not begin again where the one before merged nothing", () => {
    const first = goOn(story().complete("cart", "shop").find("no var", "src/cart/a.ts"));
    const after = first.start("cart-r1").refuse("cart-r1");
    expect(nextFact(after.state())).toEqual({ type: "run-finished", outcome: "partial" });
  });

  it("does not begin in a run that was cancelled", () => {
    const run = story().complete("cart", "shop").find("no var", "src/cart/a.ts");
    const cancelled = run.happened({ type: "run-cancelled", why: "asked to" });
    expect(nextFact(cancelled.state())).toEqual({ type: "run-finished", outcome: "cancelled" });
  });

  it("keeps the name of its unit within what a name may be", () => {
    const id = `a${"b".repeat(39)}`;
    const run = startRun({ units: [unit(id, { owns: ["**" as Glob] })], doneWhen: [left] });
    const round = nextRound(run.complete(id).find("no var", "x").state());
    expect(round?.units.map((one) => one.id)).toEqual([`a${"b".repeat(36)}-r1` as UnitId]);
  });

  it("gives each of its units a kept worktree of its own", () => {
    const units = [unit("cart", { approaches: 2 }), unit("shop")];
    const run = startRun({ units, doneWhen: [left], settings: { keep: true } });
    const state = goOn(run.complete("cart", "shop").find("no var", "src/shop/a.ts")).state();
    expect(nextFact(state)).toMatchObject({ type: "unit-started", unit: "shop-r1", slot: 4 });
  });

  it("is none in a journal that knows of no rounds", () => {
    const { rounds: _, ...before } = limits;
    const old = story({ limits: before as typeof limits }).complete("cart", "shop");
    expect(nextRound(old.find("no var", "src/cart/a.ts").state())).toBeUndefined();
  });
});
