import { test } from "vitest";
import { checkSnapshots } from "../support/snapshot-property.ts";

test("whatever a worker does to its worktree, no byte is lost and every change is told", async () => {
  await checkSnapshots(40);
});
