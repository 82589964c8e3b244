import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { durationMaxMs, durationText, parseDuration } from "../../src/core/duration.ts";
import { editDistance, nearestName } from "../../src/core/nearest.ts";

describe("a duration", () => {
  it.each([
    ["15m", 900_000],
    ["2h", 7_200_000],
    ["90s", 90_000],
    ["500ms", 500],
    ["1.5h", 5_400_000],
    ["24d", durationMaxMs],
  ])("%s is %d ms", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each([
    [""],
    ["15"],
    ["0s"],
    ["-1s"],
    ["1e3s"],
    ["25d"],
    ["99999999h"],
    ["1 h"],
    ["0.1ms"],
    ["15M"],
  ])("%j is none", (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it("reads back as it was written", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: durationMaxMs }), (ms) => {
        expect(parseDuration(durationText(ms))).toBe(ms);
      }),
    );
  });
});

describe("the nearest name", () => {
  it("is the one that was meant", () => {
    const names = ["concurrency", "units", "attempts", "unitTimeout"];
    expect(nearestName("concurency", names)).toBe("concurrency");
    expect(nearestName("untis", names)).toBe("units");
    expect(nearestName("unittimeout", names)).toBe("unitTimeout");
    expect(nearestName("colour", names)).toBeUndefined();
    expect(nearestName("", names)).toBeUndefined();
  });

  it("counts a swap of neighbours once", () => {
    expect(editDistance("ab", "ba")).toBe(1);
    expect(editDistance("kitten", "sitting")).toBe(3);
  });
});
