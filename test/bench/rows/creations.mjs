// How many worktrees fail to be made, fifty at once, while a user's own git lists, collects and fetches in loops.
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import path from "node:path";
import { removeSlots } from "../../../build/git/remove-slots.js";
import { openRepository } from "../../../build/git/repository.js";
import { prepareSlot } from "../../../build/git/slot.js";
import { closeSlotPool, openSlotPool } from "../../../build/git/worktree.js";
import { inLanes, runGit } from "../lanes.mjs";
import { benchFolder, git, syntheticRepository } from "../synthetic.mjs";

const creations = 1000;
const rawCreations = 200;
const atOnce = 50;
/** Few, so that the loops go round often. */
const files = 300;

export const row = {
  title: "Worktrees made beside a user's loops",
  unit: `failed of ${creations}`,
  note: `${atOnce} at once, beside endless loops of \`worktree list\`, \`gc --prune=now\` and \`fetch\`; git by itself makes ${rawCreations}, and its failures are scaled up.`,
  parts: [part],
};

function part() {
  const repository = syntheticRepository(files);
  const ours = () => besideLoops(repository, () => makeOurs(repository));
  const raw = () => besideLoops(repository, () => makeRaw(repository));
  return {
    label: `${files} files`,
    repeats: 1,
    coldStart: true,
    variants: [
      { name: "slots of ours", role: "ours", measure: ours },
      { name: "git worktree add -b", role: "rival", measure: raw },
    ],
    ratios: [{ of: "slots of ours", most: 0 }],
  };
}

async function makeOurs({ dir, files: paths }) {
  const repository = await openRepository(dir);
  const base = git(dir, "rev-parse", "main").trim();
  const run = "20261120-0000-made";
  const pool = await openSlotPool(path.join(benchFolder(), "state"), repository, run);
  let failed = 0;
  await inLanes(creations, atOnce, async (n) => {
    const branch = `refs/heads/pleach/${run}/u${n}`;
    const content = {
      base,
      branch,
      checkout: { mode: "sparse", paths: [paths[n % paths.length]] },
    };
    try {
      await prepareSlot(pool, n, content);
      await removeSlots(pool, [n]);
    } catch (error) {
      failed += 1;
      console.error(error.message);
    }
  });
  await (await removeSlots(pool)).finish();
  await closeSlotPool(pool);
  forgetBranches(dir, "pleach");
  return failed;
}

async function makeRaw({ dir }) {
  const trees = path.join(benchFolder(), "raw");
  let failed = 0;
  await inLanes(rawCreations, atOnce, async (n) => {
    const args = ["worktree", "add", "-q", "--no-checkout", "-b", `raw/${n}`];
    try {
      await runGit(dir, ...args, path.join(trees, `${n}`), "main");
    } catch {
      failed += 1;
    }
  });
  rmSync(trees, { recursive: true, force: true });
  git(dir, "worktree", "prune");
  forgetBranches(dir, "raw");
  return (failed * creations) / rawCreations;
}

function forgetBranches(dir, prefix) {
  const refs = git(dir, "for-each-ref", "--format=%(refname)", `refs/heads/${prefix}/`);
  for (const ref of refs.split("\n").filter(Boolean)) git(dir, "update-ref", "-d", ref);
}

async function besideLoops({ dir }, work) {
  const commands = ["git worktree list", "git gc --quiet --prune=now", "git fetch --quiet . main"];
  const loops = commands.map((command) =>
    // They end by themselves if we are killed.
    spawn("sh", ["-c", `while kill -0 ${process.pid} 2>&-; do ${command}; done`], {
      cwd: dir,
      stdio: "ignore",
      detached: true,
    }),
  );
  try {
    return await work();
  } finally {
    await Promise.all(
      loops.map((loop) => {
        process.kill(-loop.pid, "SIGKILL");
        return new Promise((resolve) => loop.once("close", resolve));
      }),
    );
  }
}
