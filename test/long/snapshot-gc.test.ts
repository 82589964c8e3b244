import { join } from "node:path";
import { expect, test } from "vitest";
import type { RefName } from "../../src/core/id.ts";
import { prepareSlot } from "../../src/git/slot.ts";
import { runGit } from "../support/repository.ts";
import { makeWorktree } from "../support/worktree-scene.ts";

const snapshots = 40;

test("snapshots beside a user who collects garbage for ever are whole", async () => {
  const scene = await makeWorktree({ a: "1\n", "dir/b": "1\n" });
  let over = false;
  const collect = async (): Promise<void> => {
    // It fails itself when an index names what it has just taken; the next one does not.
    while (!over)
      await runGit(scene.repository.path, ["gc", "--quiet", "--prune=now"]).catch(() => undefined);
  };
  const collector = collect();
  try {
    for (let n = 0; n < snapshots; n += 1) {
      await prepareSlot(scene.pool, 1, { base: scene.base, checkout: { mode: "full" } });
      scene.write("a", `${n}\n`);
      scene.write(`new/${n}`, `new ${n}\n`);
      const ref = `refs/pleach/20260101-1200-aaaa/unit/${n}` as RefName;
      const { commit = "" } = await scene.snapshot({
        ref,
        recordFolder: join(scene.record, `${n}`),
      });
      expect(await runGit(scene.repository.path, ["show", `${commit}:new/${n}`])).toBe(`new ${n}`);
    }
  } finally {
    over = true;
    await collector;
  }
  await runGit(scene.repository.path, ["fsck", "--connectivity-only", "--no-dangling"]);
}, 1_200_000);
