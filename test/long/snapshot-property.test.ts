import { test } from "vitest";
import { checkSnapshots } from "../support/snapshot-property.ts";

test("400 random workers lose no byte", async () => {
  await checkSnapshots(400);
}, 1_200_000);
