import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Sha } from "../../src/core/id.ts";
import { mergeInMemory } from "../../src/git/merge.ts";
import { agreementOn } from "../support/merge-agreement.ts";
import { fingerprint, makeRepository } from "../support/repository.ts";

async function twoSides(
  base: Record<string, string>,
  onto: Record<string, string | null>,
  head: Record<string, string | null>,
) {
  const repository = await makeRepository(base);
  const start = await repository.git("rev-parse", "HEAD");
  const headCommit = (await repository.commit(head, "head")) as Sha;
  await repository.git("checkout", "--quiet", "-B", "main", start);
  const ontoCommit = (await repository.commit(onto, "onto")) as Sha;
  const place = { gitDir: join(repository.path, ".git") };
  return { repository, place, sides: { onto: ontoCommit, head: headCommit } };
}

test("200 merges generated from seeds end as git merge ends them", async () => {
  const agreement = await agreementOn(Array.from({ length: 200 }, (_, seed) => seed));
  expect(agreement.disagreements).toEqual([]);
  expect(agreement.clean).toBeGreaterThan(50);
  expect(agreement.conflicts).toBeGreaterThan(50);
});

test("a conflict names its files and says in one line what git says", async () => {
  const { place, sides } = await twoSides(
    { "a b\n.txt": "1\n" },
    { "a b\n.txt": "2\n" },
    { "a b\n.txt": "3\n" },
  );
  expect(await mergeInMemory(place, sides)).toEqual({
    type: "conflict",
    paths: ["a b\n.txt"],
    message: "CONFLICT (content): Merge conflict in a b .txt",
  });
});

test("a merge touches nothing of the user's", async () => {
  const { repository, place, sides } = await twoSides(
    { a: "1\n", b: "1\n" },
    { a: "2\n" },
    { b: "2\n" },
  );
  const before = await fingerprint(repository.path);
  const verdict = await mergeInMemory(place, sides);
  expect(verdict.type).toBe("clean");
  expect(await fingerprint(repository.path)).toEqual(before);
});

test("renames are found although diffs of ours do not look for them", async () => {
  const lines = Array.from({ length: 20 }, (_, n) => `line ${n}\n`).join("");
  const { repository, place, sides } = await twoSides(
    { "old.txt": lines, other: "o\n" },
    { "old.txt": null, "new.txt": lines },
    { "old.txt": lines.replace("line 3", "line three") },
  );
  const verdict = await mergeInMemory(place, sides);
  if (verdict.type !== "clean") throw new Error(verdict.message);
  expect(await repository.git("show", `${verdict.tree}:new.txt`)).toContain("line three");
});

test("a merge driver that a worker's .gitattributes names is not run", async () => {
  const { repository, place, sides } = await twoSides(
    { a: "1\n", ".gitattributes": "a merge=planted\n" },
    { a: "2\n" },
    { a: "3\n" },
  );
  const trace = join(repository.folder, "ran");
  await repository.git("config", "merge.planted.driver", `touch ${trace}`);
  await repository.git("config", "rerere.enabled", "true");
  writeFileSync(join(repository.path, ".gitattributes"), "* merge=planted\n");
  expect((await mergeInMemory(place, sides)).type).toBe("conflict");
  expect(existsSync(trace)).toBe(false);
});

test("commits without common history are a failure, not a conflict", async () => {
  const { repository, place, sides } = await twoSides({ a: "1\n" }, { a: "2\n" }, { a: "3\n" });
  const tree = await repository.git("rev-parse", "HEAD^{tree}");
  const orphan = (await repository.git("commit-tree", "-m", "orphan", tree)) as Sha;
  await expect(mergeInMemory(place, { onto: sides.onto, head: orphan })).rejects.toMatchObject({
    code: "git_failed",
  });
});
