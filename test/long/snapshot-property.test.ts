import { test } from "vitest";
import { checkSnapshots } from "../support/snapshot-property.ts";

test("2,000 random workers lose no byte", async () => {
  await checkSnapshots(2_000);
}, 1_200_000);
