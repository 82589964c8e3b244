import { describe, expect, it } from "vitest";
import { displayWidth } from "../../src/core/text.ts";
import { liveLine, liveText, type Screen } from "../../src/view/live.ts";
import { makePaint } from "../../src/view/words.ts";
import { hostileTexts, startedAt, startRun, unit } from "../support/run-state.ts";

/** A screen with a clock of its own: `pass` lets time go by and rings what is due. */
function fakeScreen(width = 80) {
  const writes: string[] = [];
  let now = startedAt + 10_000;
  let alarm: { readonly at: number; readonly call: () => void } | undefined;
  const screen: Screen = {
    write: (text) => void writes.push(text),
    width: () => width,
    now: () => now,
    later(ms, call) {
      const set = { at: now + ms, call };
      alarm = set;
      return () => {
        if (alarm === set) alarm = undefined;
      };
    },
  };
  const pass = (ms: number) => {
    const until = now + ms;
    while (alarm && alarm.at <= until) {
      const { at, call } = alarm;
      alarm = undefined;
      now = at;
      call();
    }
    now = until;
  };
  return { screen, writes, pass, ringing: () => alarm !== undefined };
}

const erase = "\r\x1b[K";
const state = startRun({ units: [unit("a"), unit("b")] })
  .complete("a")
  .start("b")
  .state();

describe("the live line", () => {
  it("counts the units and says what takes longest and what it does", () => {
    const activity = { unit: "b" as never, text: "reading" };
    const text = liveText(state, { now: state.updatedAt + 31_000, width: 200, activity });
    expect(text).toBe("1 merged · 1 running · 37 s · b: attempt 1 works for 31 s · b: reading");
  });

  it("is drawn at most ten times a second however much happens", () => {
    const { screen, writes, pass } = fakeScreen();
    const live = liveLine(screen, makePaint(false));
    for (let tick = 0; tick < 1000; tick++) {
      live.activity({ unit: "b" as never, text: `step ${tick}` });
      live.show(state);
      pass(1);
    }
    expect(writes.length).toBeLessThanOrEqual(11);
    expect(writes.length).toBeGreaterThan(5);
  });

  it("erases and draws in one write, without a line break of its own", () => {
    const { screen, writes } = fakeScreen();
    liveLine(screen, makePaint(false)).show(state);
    expect(writes).toHaveLength(1);
    expect(writes[0]?.startsWith(erase)).toBe(true);
    expect(writes[0]?.slice(erase.length)).toMatch(/^1 merged[^\p{Cc}]+$/u);
  });

  it("stands below the lines of the story again in the same write", () => {
    const { screen, writes } = fakeScreen();
    const live = liveLine(screen, makePaint(false));
    live.show(state);
    const line = "12:00:00 b  attempt 1 started";
    live.print(line);
    expect(writes[1]?.startsWith(`${erase}${line}\n1 merged`)).toBe(true);
  });

  it("leaves a question in sight until it is answered, whatever happens meanwhile", () => {
    const { screen, writes, pass } = fakeScreen();
    const live = liveLine(screen, makePaint(false));
    live.show(state);
    live.prompt("Approve? [y/n] ");
    live.show(state);
    live.activity({ unit: "b" as never, text: "reading" });
    pass(5000);
    expect(writes.slice(1)).toEqual([`${erase}Approve? [y/n] `]);
    live.print("12:00:00 b  attempt 1 started");
    expect(writes[2]).toBe(`${erase}12:00:00 b  attempt 1 started\nApprove? [y/n] `);
    live.prompt(undefined);
    pass(100);
    expect(writes[3]).toMatch(/1 merged · 1 running/);
  });

  it("is gone at the end, with its timer", () => {
    const { screen, writes, ringing } = fakeScreen();
    const live = liveLine(screen, makePaint(false));
    live.show(state);
    live.end();
    expect(writes.at(-1)).toBe(erase);
    expect(ringing()).toBe(false);
  });

  it("tells the time while nothing happens", () => {
    const { screen, writes, pass } = fakeScreen();
    liveLine(screen, makePaint(false)).show(state);
    pass(3500);
    expect(writes.length).toBe(4);
  });

  it.each([1, 5, 20, 40, 80])("never wraps in a window of %i cells", (width) => {
    const activity = { unit: "b" as never, text: "漢字".repeat(50) };
    const text = liveText(state, { now: startedAt, width, activity });
    expect(displayWidth(text)).toBeLessThanOrEqual(Math.max(1, width - 1));
  });

  it("is one inert line whatever a worker says", () => {
    for (const text of hostileTexts) {
      const said = liveText(state, {
        now: startedAt,
        width: 500,
        activity: { unit: "b" as never, text },
      });
      expect(said).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
    }
  });
});
