import { describe, expect, it } from "vitest";
import { plants } from "./plants.ts";
import { type Plant, simulate } from "./simulate.ts";

const seeds = Number(process.env["PLEACH_SEEDS"] ?? 500);

describe("the whole loop over fake hands", () => {
  it(`keeps every promise over ${seeds} seeds`, async () => {
    const broken: string[] = [];
    for (let seed = 0; seed < seeds; seed++) {
      const verdict = await simulate(seed);
      if (verdict.violations.length > 0) broken.push(`${seed}: ${verdict.violations.join("; ")}`);
    }
    expect(broken).toEqual([]);
  });

  it("replays a seed exactly", async () => {
    for (const seed of [3, 24, 186, 450]) {
      expect(await simulate(seed)).toEqual(await simulate(seed));
    }
  });
});

describe("a planted bug is found within 1,000 seeds", () => {
  it.each(Object.entries(plants))("%s", async (_, plant) => {
    expect(await firstFound(plant)).toBeLessThan(1000);
  });

  it("there are at least twelve", () => {
    expect(Object.keys(plants).length).toBeGreaterThanOrEqual(12);
  });
});

async function firstFound(plant: Plant): Promise<number> {
  for (let seed = 0; seed < 1000; seed++) {
    if ((await simulate(seed, plant)).violations.length > 0) return seed;
  }
  return Number.POSITIVE_INFINITY;
}
