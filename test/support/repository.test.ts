import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fingerprint, leftovers, makeRepository } from "./repository.ts";

test("a fingerprint does not change by being taken", async () => {
  const repository = await makeRepository({ "a.txt": "a\n", ".gitignore": "ignored\n" });
  repository.write({ ignored: "secret\n", untracked: "u\n" });
  const before = await fingerprint(repository.path);
  expect(await fingerprint(repository.path)).toEqual(before);
});

test("a fingerprint sees files, index, refs, stash, config, hooks and HEAD", async () => {
  const repository = await makeRepository({ "a.txt": "a\n", ".gitignore": "ignored\n" });
  const seen = async (change: () => unknown): Promise<string[]> => {
    const before = await fingerprint(repository.path);
    await change();
    const after = await fingerprint(repository.path);
    return Object.keys({ ...before, ...after }).filter((name) => before[name] !== after[name]);
  };
  expect(await seen(() => repository.write({ ignored: "x" }))).toEqual(["file ignored"]);
  expect(await seen(() => repository.git("branch", "other"))).toEqual(["ref refs/heads/other"]);
  expect(await seen(() => repository.git("config", "a.b", "c"))).toEqual(["config"]);
  expect(await seen(() => repository.git("symbolic-ref", "HEAD", "refs/heads/other"))).toEqual([
    "HEAD",
    "logs/HEAD",
    "worktrees",
  ]);
  expect(
    await seen(() => {
      mkdirSync(join(repository.path, ".git/hooks"), { recursive: true });
      writeFileSync(join(repository.path, ".git/hooks/pre-commit"), "#!/bin/sh\n");
    }),
  ).toEqual(["hooks/pre-commit"]);
  expect(
    await seen(async () => {
      repository.write({ "a.txt": "b\n" });
      await repository.git("add", "a.txt");
    }),
  ).toEqual(["file a.txt", "index a.txt 0", "index"]);
  expect(await seen(() => repository.git("stash"))).toEqual(
    expect.arrayContaining(["ref refs/stash", "logs/refs/stash"]),
  );
});

test("a fingerprint leaves out what is ours, and the target when told", async () => {
  const repository = await makeRepository();
  const before = await fingerprint(repository.path, { except: ["refs/heads/main"] });
  await repository.git("branch", "pleach/20260101-0000-aaaa/unit");
  await repository.git("commit", "--quiet", "--allow-empty", "-m", "rival");
  await repository.git(
    "worktree",
    "add",
    "--quiet",
    "--detach",
    "--lock",
    "--reason",
    "pleach 20260101-0000-aaaa/slot-1",
    join(repository.folder, "slot-1"),
  );
  expect(await fingerprint(repository.path, { except: ["refs/heads/main"] })).toEqual(before);
  expect(await leftovers(repository.path)).toEqual([
    `worktree ${join(repository.folder, "slot-1")}`,
    "ref refs/heads/pleach/20260101-0000-aaaa/unit",
  ]);
});
