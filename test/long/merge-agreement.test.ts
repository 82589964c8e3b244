import { expect, test } from "vitest";
import { agreementOn } from "../support/merge-agreement.ts";

test("3,000 merges generated from seeds end as git merge ends them", async () => {
  const agreement = await agreementOn(Array.from({ length: 3_000 }, (_, seed) => 10_000 + seed));
  expect(agreement.disagreements).toEqual([]);
}, 900_000);
