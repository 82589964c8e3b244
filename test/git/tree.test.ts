import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import type { Sha } from "../../src/core/id.ts";
import { openObjects } from "../../src/git/objects.ts";
import { isUnreadablePath, pathFromBytes, pathToBytes } from "../../src/git/path-text.ts";
import { openRepository, revision } from "../../src/git/repository.ts";
import { filesAt, withSizes } from "../../src/git/tree.ts";
import { makeRepository } from "../support/repository.ts";

test("files of a commit have their modes, ids and sizes, whatever their names", async () => {
  const user = await makeRepository({
    "a.txt": "aaa\n",
    "line\nend": "x",
    "tab\there": "y",
    "ünï/ć.txt": "z",
  });
  await user.git("update-index", "--add", "--cacheinfo", `160000,${"1".repeat(40)},sub`);
  writeFileSync(Buffer.from(`${user.path}/caf\xe9`, "latin1"), "latin");
  execFileSync("ln", ["-s", "a.txt", path.join(user.path, "link")]);
  chmodSync(path.join(user.path, "tab\there"), 0o755);
  await user.git("add", "line\nend", "tab\there", "link", ":/caf*");
  await user.git("commit", "--quiet", "-m", "odd");
  const repository = await openRepository(user.path);
  const head = await revision(repository, "HEAD");
  const entries = await filesAt(repository, head, { sizes: true });
  expect(entries.map(({ path: name, mode, size }) => [name, mode, size])).toEqual([
    ["a.txt", "100644", 4],
    ["caf\udce9", "100644", 5],
    ["line\nend", "100644", 1],
    ["link", "120000", 5],
    ["sub", "160000", undefined],
    ["tab\there", "100755", 1],
    ["ünï/ć.txt", "100644", 1],
  ]);
  const some = new Set(entries.slice(1, 5).map((entry) => entry.path));
  const sized = await withSizes(repository, await filesAt(repository, head), some);
  expect(sized.map(({ size }) => size)).toEqual([
    undefined,
    5,
    1,
    5,
    undefined,
    undefined,
    undefined,
  ]);
  expect(
    entries.filter((entry) => isUnreadablePath(entry.path)).map((entry) => entry.path),
  ).toEqual(["caf\udce9"]);
  expect(Object.keys((await filesAt(repository, head))[0] ?? {})).toEqual(["path", "mode", "oid"]);
});

test("every name finds back to its bytes, and no two become one", () => {
  const latin = ["plain", "\xe9", "\xed\xa0\x80", "a/\xff\xfe/b", "\xc3\xa9\xe9", "\xc3\xa9"];
  const names = [...latin, Buffer.from("😀").toString("latin1")];
  expect(names.map((name) => pathToBytes(pathFromBytes(name)))).toEqual(names);
  expect(new Set(names.map(pathFromBytes)).size).toBe(names.length);
  expect(pathFromBytes(Buffer.from("é/😀").toString("latin1"))).toBe("é/😀");
});

describe("objects", () => {
  test("are read many at a time by one process", async () => {
    const content = Object.fromEntries(
      Array.from({ length: 50 }, (_, n) => [`f${n}`, `${n}\n`.repeat(n * 500)]),
    );
    const user = await makeRepository({ ...content, empty: "" });
    const repository = await openRepository(user.path);
    const entries = await filesAt(repository, await revision(repository, "HEAD"));
    const reader = openObjects(repository);
    const blobs = await Promise.all(entries.map((entry) => reader.readBlob(entry.oid)));
    entries.forEach((entry, position) => {
      const blob = blobs[position];
      expect(
        blob?.type === "blob" && blob.bytes.equals(readFileSync(path.join(user.path, entry.path))),
      ).toBe(true);
    });
    await reader.close();
    await expect(reader.readBlob("1".repeat(40) as Sha)).rejects.toMatchObject({
      code: "objects_unreadable",
    });
  });

  test("that are missing or too large are told apart, and the next one is still right", async () => {
    const user = await makeRepository({ big: "b".repeat(300_000), small: "s\n" });
    const repository = await openRepository(user.path);
    const oid = async (name: string) => (await user.git("rev-parse", `HEAD:${name}`)) as Sha;
    const reader = openObjects(repository, { blobBytesMax: 1000 });
    expect(await reader.readBlob("1".repeat(40) as Sha)).toEqual({ type: "missing" });
    expect(await reader.readBlob(await oid("big"))).toEqual({ type: "too_large", size: 300_000 });
    expect(await reader.readBlob(await oid("small"))).toEqual({
      type: "blob",
      bytes: Buffer.from("s\n"),
    });
    await reader.close();
  });

  test("cannot be asked for once the run is aborted", async () => {
    const user = await makeRepository();
    const abort = new AbortController();
    const reader = openObjects(await openRepository(user.path), { signal: abort.signal });
    abort.abort();
    await expect(reader.readBlob("1".repeat(40) as Sha)).rejects.toMatchObject({
      code: "objects_unreadable",
    });
    await reader.close();
  });
});
