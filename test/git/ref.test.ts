import { writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import type { RefName, Sha } from "../../src/core/id.ts";
import { listRefs, readRef, updateRefs } from "../../src/git/ref.ts";
import { openRepository } from "../../src/git/repository.ts";
import { makeRepository } from "../support/repository.ts";

const a = "refs/heads/pleach/20260101-0000-aaaa/a" as RefName;
const b = "refs/heads/pleach/20260101-0000-aaaa/b" as RefName;

async function ground() {
  const user = await makeRepository({ "a.txt": "a\n" });
  const one = (await user.git("rev-parse", "HEAD")) as Sha;
  const two = (await user.commit({ "a.txt": "b\n" })) as Sha;
  return { user, repository: await openRepository(user.path), one, two };
}

test("refs are made, moved and deleted by what they must be", async () => {
  const { repository, one, two } = await ground();
  const moved = { type: "moved" };
  expect(await updateRefs(repository, [{ ref: a, new: one, old: null }])).toEqual(moved);
  expect(await readRef(repository, a)).toBe(one);
  expect(
    await updateRefs(repository, [
      { ref: a, new: two, old: one },
      { ref: b, new: one, old: null },
    ]),
  ).toEqual(moved);
  expect(await listRefs(repository, "refs/heads/pleach/")).toEqual(
    new Map([
      [a, two],
      [b, one],
    ]),
  );
  expect(
    await updateRefs(repository, [
      { ref: a, new: null, old: two },
      { ref: b, new: null, old: one },
    ]),
  ).toEqual(moved);
  expect(await listRefs(repository, "refs/heads/pleach/")).toEqual(new Map());
});

test("one stale ref refuses the whole transaction, and is named", async () => {
  const { repository, one, two } = await ground();
  await updateRefs(repository, [{ ref: a, new: one, old: null }]);
  for (const stale of [
    { ref: a, new: two, old: two },
    { ref: a, new: two, old: null },
    { ref: a, new: null, old: two },
  ]) {
    expect(await updateRefs(repository, [{ ref: b, new: one, old: null }, stale])).toEqual({
      type: "refused",
      ref: a,
    });
  }
  expect(await updateRefs(repository, [{ ref: b, new: null, old: one }])).toEqual({
    type: "refused",
    ref: b,
  });
  expect(await readRef(repository, a)).toBe(one);
  expect(await readRef(repository, b)).toBeUndefined();
});

test("of many that move one ref from the same commit, one succeeds", async () => {
  const { user, repository, one } = await ground();
  await updateRefs(repository, [{ ref: a, new: one, old: null }]);
  const tree = await user.git("rev-parse", "HEAD^{tree}");
  const commits = await Promise.all(
    Array.from({ length: 8 }, (_, n) => user.git("commit-tree", tree, "-p", one, "-m", `${n}`)),
  );
  const answers = await Promise.all(
    commits.map((commit) => updateRefs(repository, [{ ref: a, new: commit as Sha, old: one }])),
  );
  expect(answers.filter((answer) => answer.type === "moved")).toHaveLength(1);
});

test("a symbolic ref under our name is never followed to what it stands for", async () => {
  const { user, repository, one, two } = await ground();
  await user.git("symbolic-ref", a, "refs/heads/main");
  await updateRefs(repository, [{ ref: a, new: one, old: two }]);
  expect(await user.git("rev-parse", "main")).toBe(two);
  expect(await user.git("rev-parse", a)).toBe(one);
});

test.each([
  ["pleach", "rename that branch: git branch -m pleach pleach-renamed"],
  [
    "pleach/20260101-0000-aaaa",
    "git branch -m pleach/20260101-0000-aaaa pleach-20260101-0000-aaaa-renamed",
  ],
  ["pleach/20260101-0000-aaaa/a/below", "rename that branch"],
])("a branch %s in the way is named with what to type", async (branch, advice) => {
  const { user, repository, one } = await ground();
  await user.git("branch", branch);
  await expect(updateRefs(repository, [{ ref: a, new: one, old: null }])).rejects.toMatchObject({
    kind: "repository",
    code: "branch_in_the_way",
    advice: expect.stringContaining(advice),
  });
});

test("a lock that somebody holds for too long is named", async () => {
  const { user, repository, one, two } = await ground();
  const lock = path.join(user.path, ".git/refs/heads/main.lock");
  writeFileSync(lock, "");
  await expect(
    updateRefs(repository, [{ ref: "refs/heads/main" as RefName, new: one, old: two }]),
  ).rejects.toMatchObject({
    code: "ref_not_moved",
    advice: `if no git is running here, remove ${lock}`,
  });
});

test("hundreds of refs go in one transaction", async () => {
  const { repository, one } = await ground();
  const refs = Array.from({ length: 300 }, (_, n) => `${a}/${n}` as RefName);
  await updateRefs(
    repository,
    refs.map((ref) => ({ ref, new: one, old: null })),
  );
  expect((await listRefs(repository, `${a}/`)).size).toBe(300);
  const first = refs[0] as RefName;
  await updateRefs(repository, [{ ref: first, new: null, old: one }]);
  expect(
    await updateRefs(
      repository,
      refs.map((ref) => ({ ref, new: null, old: one })),
    ),
  ).toEqual({ type: "refused", ref: first });
});
