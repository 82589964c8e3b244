import { join } from "node:path";
import { expect, test } from "vitest";
import type { RunId, Sha, UnitId } from "../../src/core/id.ts";
import {
  commitMessage,
  commitTree,
  identity,
  parseTrailers,
  readTrailers,
} from "../../src/git/commit.ts";
import { makeRepository } from "../support/repository.ts";

const trailers = {
  run: "20260101-1200-aaaa" as RunId,
  unit: "unit-a" as UnitId,
  attempt: 2,
  worker: "codex",
};

test.each([
  ["-f"],
  ["a title\nPleach-Run: 20260101-1200-zzzz"],
  ["x".repeat(300)],
  ["$(id) `id` \u001b[31m \u202e \0"],
  [""],
  ["\n\n"],
])("the title %j becomes one short line that is no trailer", async (title) => {
  const message = commitMessage({ title, body: `${title}\n\nPleach-Unit: other`, trailers });
  const subject = message.split("\n")[0] ?? "";
  expect([...subject].length).toBeLessThanOrEqual(72);
  expect(subject).not.toBe("");
  expect(message).not.toMatch(/(?!\n)\p{Cc}|\p{Bidi_Control}/u);
  expect(parseTrailers(message)).toEqual(trailers);
});

test("a commit of ours carries tree, parents, author and trailers", async () => {
  const repository = await makeRepository({ a: "1\n" });
  const place = { gitDir: join(repository.path, ".git") };
  const base = (await repository.git("rev-parse", "HEAD")) as Sha;
  const tree = (await repository.git("rev-parse", "HEAD^{tree}")) as Sha;
  const author = await identity(place);
  expect(author).toEqual({ name: "Uma User", email: "uma@example.com" });
  const message = commitMessage({ title: "-m evil", trailers });
  const commit = await commitTree(place, { tree, parents: [base], message, author, date: 5_000 });
  expect(await repository.git("log", "-1", "--format=%T %P %an <%ae> %cn %at%n%B", commit)).toBe(
    `${tree} ${base} Uma User <uma@example.com> Uma User 5\n${message}`,
  );
  expect(await readTrailers(place, commit)).toEqual(trailers);
  expect(await readTrailers(place, base)).toBeUndefined();
});

test("git itself reads the same trailers", async () => {
  const repository = await makeRepository({ a: "1\n" });
  const place = { gitDir: join(repository.path, ".git") };
  const tree = (await repository.git("rev-parse", "HEAD^{tree}")) as Sha;
  const message = commitMessage({ title: "Work", body: "Fixes: it\n---\nmore", trailers });
  const author = await identity(place);
  const commit = await commitTree(place, { tree, parents: [], message, author });
  expect(await repository.git("log", "-1", "--format=%(trailers:only,unfold)", commit)).toBe(
    "Pleach-Run: 20260101-1200-aaaa\nPleach-Unit: unit-a\nPleach-Attempt: 2\nPleach-Worker: codex\n",
  );
});

test("without a name and an address the author is Pleach", async () => {
  const repository = await makeRepository({ a: "1\n" });
  const place = { gitDir: join(repository.path, ".git") };
  await repository.git("config", "user.name", " . ");
  await repository.git("config", "user.email", "");
  expect(await identity(place)).toEqual({ name: "Pleach", email: "pleach@localhost" });
});
