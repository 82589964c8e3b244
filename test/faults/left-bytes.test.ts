import { describe, expect, it } from "vitest";
import { leaveAndAsk } from "../support/left-bytes.ts";

describe("what workers leave", { timeout: 180_000 }, () => {
  it("is in a snapshot, or in place and named: every byte of it", async () => {
    const seeds = [1, 2, 3, 4, 5, 6, 7, 8];
    const { ended, lost, asked } = await leaveAndAsk({ seeds, largestBytes: 200_000 });
    expect(lost).toEqual([]);
    expect([0, 1]).toContain(ended.code);
    expect(asked).toBeGreaterThan(50);
  });
});
