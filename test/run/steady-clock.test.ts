import { describe, expect, it, vi } from "vitest";
import { notBefore, steadyClock } from "../../src/run/steady-clock.ts";

describe("the clock of a run", () => {
  it("goes on evenly while the machine's clock is turned back or forward", () => {
    const clock = steadyClock();
    const before = clock.now();
    for (const hours of [-48, 48]) {
      const turned = vi.spyOn(Date, "now").mockReturnValue(before + hours * 3_600_000);
      expect(clock.now()).toBeGreaterThanOrEqual(before);
      expect(clock.now() - before).toBeLessThan(60_000);
      turned.mockRestore();
    }
  });

  it("begins where the journal ends if that is later", () => {
    const clock = { now: () => 1000, after: () => ({ cancel: () => undefined }) };
    expect(notBefore(clock, 500).now()).toBe(1000);
    expect(notBefore(clock, 5000).now()).toBe(5000);
  });
});
