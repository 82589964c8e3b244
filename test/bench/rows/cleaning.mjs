// Taking fifty worktrees and their branches away: until git and the user see none of them, and until their files are deleted.
import { spawnSync } from "node:child_process";
import { renameSync, rmSync } from "node:fs";
import path from "node:path";
import { listRefs, updateRefs } from "../../../build/git/ref.js";
import { removeSlots } from "../../../build/git/remove-slots.js";
import { openRepository } from "../../../build/git/repository.js";
import { prepareSlot } from "../../../build/git/slot.js";
import { openSlotPool } from "../../../build/git/worktree.js";
import { inLanes, runGit } from "../lanes.mjs";
import { timed } from "../measure.mjs";
import { lanes } from "../runs.mjs";
import { benchFolder, git, small, syntheticRepository } from "../synthetic.mjs";

const count = 50;
const run = "20261120-0000-swep";
const rival = "worktree remove and branch -D";

export const row = {
  title: `Cleaning up ${count} worktrees and branches`,
  unit: "ms",
  parts: [
    () => {
      const repository = syntheticRepository(small);
      let deleted = 0;
      return {
        label: `${small.toLocaleString("en")} files each`,
        repeats: 3,
        variants: [
          {
            name: "pleach, until none is seen",
            role: "ours",
            measure: async () => {
              const times = await removeOurs(repository);
              deleted = times.deleted;
              return times.seen;
            },
          },
          { name: "pleach, until the files are deleted", role: "ours", measure: () => deleted },
          { name: rival, role: "rival", measure: () => removeTheirs(repository) },
          {
            name: "rename, prune, update-ref --stdin",
            role: "floor",
            measure: () => floor(repository),
          },
        ],
        ratios: [
          { of: "pleach, until none is seen", over: rival, most: 1 / 30 },
          { of: "pleach, until the files are deleted", over: rival },
        ],
      };
    },
  ],
};

async function removeOurs({ dir }) {
  const repository = await openRepository(dir);
  const base = git(dir, "rev-parse", "main").trim();
  const pool = await openSlotPool(path.join(benchFolder(), "state"), repository, run);
  await inLanes(count, lanes, (n) => {
    const branch = `refs/heads/pleach/${run}/u${n}`;
    return prepareSlot(pool, n, { base, branch, checkout: { mode: "full" } });
  });
  let removed;
  const seen = await timed(async () => {
    removed = await removeSlots(pool);
    const refs = await listRefs(repository, `refs/heads/pleach/${run}/`);
    await updateRefs(
      repository,
      [...refs].map(([ref, old]) => ({ ref, new: null, old })),
    );
  });
  const rest = await timed(() => removed.finish());
  requireNone(dir);
  return { seen, deleted: seen + rest };
}

async function makeTheirs(dir) {
  await inLanes(count, 1, (n) => runGit(dir, "worktree", "add", "-q", "-b", `u${n}`, treeOf(n)));
}

async function removeTheirs({ dir }) {
  await makeTheirs(dir);
  const ms = await timed(() =>
    inLanes(count, 1, async (n) => {
      await runGit(dir, "worktree", "remove", "--force", treeOf(n));
      await runGit(dir, "branch", "-qD", `u${n}`);
    }),
  );
  requireNone(dir);
  return ms;
}

async function floor({ dir }) {
  await makeTheirs(dir);
  const trash = path.join(benchFolder(), "trash");
  const ms = await timed(async () => {
    const input = Array.from({ length: count }, (_, n) => `delete refs/heads/u${n}\n`).join("");
    renameSync(path.join(benchFolder(), "trees"), trash);
    await runGit(dir, "worktree", "prune");
    spawnSync("git", ["update-ref", "--stdin"], { cwd: dir, input });
  });
  rmSync(trash, { recursive: true, force: true });
  requireNone(dir);
  return ms;
}

function requireNone(dir) {
  const left = git(dir, "for-each-ref", "refs/heads/u*", "refs/heads/pleach/**");
  const trees = git(dir, "worktree", "list").trim().split("\n").slice(1);
  if (left !== "" || trees.length > 0) throw new Error(`left behind: ${left}${trees.join(", ")}`);
}

function treeOf(n) {
  return path.join(benchFolder(), "trees", `tree-${n}`);
}
