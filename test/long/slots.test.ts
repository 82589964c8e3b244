/** Worktrees under stress: many at once beside a user's loops, and git killed at random. */
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, expect, test } from "vitest";
import { type RunId, type Sha, type UnitId, unitRef } from "../../src/core/id.ts";
import { removeOwnLocks } from "../../src/git/own-locks.ts";
import { removeSlots } from "../../src/git/remove-slots.ts";
import { openRepository } from "../../src/git/repository.ts";
import { prepareSlot } from "../../src/git/slot.ts";
import { slotHome } from "../../src/git/slot-home.ts";
import { closeSlotPool, openSlotPool } from "../../src/git/worktree.ts";
import { fingerprint, leftovers, makeRepository, runGit } from "../support/repository.ts";

const run = "20260101-0000-aaaa" as RunId;
const environment = { ...process.env };
afterEach(() => {
  process.env = { ...environment };
});

async function ground() {
  const files = Array.from({ length: 60 }, (_, n) => [`src/${n % 6}/${n}.txt`, `${n}\n`] as const);
  const user = await makeRepository(Object.fromEntries(files));
  const repository = await openRepository(user.path);
  const bases = [
    await user.git("rev-parse", "HEAD"),
    await user.commit({ "src/0/0.txt": "new\n" }),
  ];
  return { user, repository, state: path.join(user.folder, "state"), bases: bases as Sha[] };
}

test("of 160 worktrees made at once beside prune, list and gc loops none fails", async () => {
  const { user, repository, state, bases } = await ground();
  const base = bases[0] as Sha;
  const pool = await openSlotPool(state, repository, run);
  const loops = [
    "git worktree prune",
    "git worktree list",
    "git gc --quiet --prune=now",
    "git status",
  ].map((command) =>
    spawn("sh", ["-c", `while :; do ${command}; done`], {
      cwd: user.path,
      stdio: "ignore",
      detached: true,
    }),
  );
  try {
    const ended = await Promise.allSettled(
      Array.from({ length: 160 }, (_, n) =>
        prepareSlot(pool, n, {
          base,
          branch: unitRef(run, `u${n}` as UnitId),
          checkout: n % 2 === 0 ? { mode: "full" } : { mode: "sparse", paths: [] },
        }),
      ),
    );
    expect(ended.filter((end) => end.status === "rejected")).toEqual([]);
  } finally {
    for (const loop of loops) if (loop.pid !== undefined) process.kill(-loop.pid, "SIGKILL");
  }
  await (await removeSlots(pool)).finish();
  expect(
    (await leftovers(user.path, [`refs/heads/pleach/${run}/`])).filter(
      (name) => !name.startsWith("lock"),
    ),
  ).toEqual([]);
}, 600_000);

test("git killed at random moments never leaves a slot that cannot be made again", async () => {
  const { user, repository, state, bases } = await ground();
  const before = await fingerprint(user.path);
  const home = slotHome(state, repository, run);
  const path0 = process.env["PATH"] ?? "";
  const killing = `${killerOfGit(user.folder)}:${path0}`;
  let killed = 0;
  for (let round = 0; round < 60; round += 1) {
    const base = bases[round % 2] as Sha;
    const content = {
      base,
      branch: unitRef(run, `u${round % 5}` as UnitId),
      checkout:
        round % 3 === 0 ? ({ mode: "sparse", paths: [] } as const) : ({ mode: "full" } as const),
    };
    process.env["PATH"] = killing;
    const storm = await openSlotPool(state, repository, run);
    killed += await prepareSlot(storm, round % 4, content).then(
      () => 0,
      () => 1,
    );
    await closeSlotPool(storm);
    process.env["PATH"] = path0;
    await removeOwnLocks(home);
    const pool = await openSlotPool(state, repository, run);
    const slot = await prepareSlot(pool, round % 4, content);
    expect(await runGit(slot.path, ["status", "--porcelain", "--ignored"])).toBe("");
    expect(await runGit(slot.path, ["rev-parse", "HEAD"])).toBe(base);
    await closeSlotPool(pool);
  }
  expect(killed).toBeGreaterThan(5);
  await (await removeSlots(home)).finish();
  expect(await leftovers(user.path, [`refs/heads/pleach/${run}/`])).toEqual([]);
  expect(await fingerprint(user.path)).toEqual(before);
}, 600_000);

/** A folder with a `git` that lives for a few milliseconds at most, every other time. */
function killerOfGit(folder: string): string {
  const bin = path.join(folder, "bin");
  mkdirSync(bin);
  const real = execFileSync("sh", ["-c", "command -v git"]).toString().trim();
  const script = `#!/usr/bin/env node
const { spawn } = require("node:child_process");
const child = spawn(${JSON.stringify(real)}, process.argv.slice(2), { stdio: "inherit", detached: true });
if (Math.random() < 0.5) setTimeout(() => process.kill(-child.pid, "SIGKILL"), Math.random() * 8);
child.on("exit", (code) => process.exit(code ?? 137));
`;
  writeFileSync(path.join(bin, "git"), script, { mode: 0o755 });
  return bin;
}
