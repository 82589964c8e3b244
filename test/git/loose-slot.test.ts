import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { RefName, RepoPath, RunId, Sha } from "../../src/core/id.ts";
import { openRepository } from "../../src/git/repository.ts";
import { type Checkout, prepareSlot, type Slot } from "../../src/git/slot.ts";
import { readmitSlot } from "../../src/git/slot-rescue.ts";
import { takeLooseSnapshot, takeSnapshot } from "../../src/git/snapshot.ts";
import { StandingGits } from "../../src/git/standing-git.ts";
import { notesOf, openSlotPool } from "../../src/git/worktree.ts";
import { makeRepository } from "../support/repository.ts";
import { treeFiles } from "../support/worktree-scene.ts";

const run = "20260101-1200-aaaa" as RunId;

async function ground(files: Readonly<Record<string, string>>, ...paths: string[]) {
  const user = await makeRepository(files);
  const base = (await user.git("rev-parse", "HEAD")) as Sha;
  const opened = await openRepository(user.path);
  const standing = new StandingGits(opened.commonDir, path.join(user.folder, "commit.draft"));
  onTestFinished(() => standing.close());
  const repository = { ...opened, standing };
  const pool = await openSlotPool(path.join(user.folder, "state"), repository, run);
  const checkout: Checkout = { mode: "sparse", paths: paths as RepoPath[], loose: true };
  const branch = `refs/heads/pleach/${run}/unit` as RefName;
  const content = { base, branch, checkout };
  const slot = await prepareSlot(pool, 1, content);
  const request = (of: Slot) => ({
    place: { ...of.gitPlace, workTree: of.path, standing },
    commonDir: repository.commonDir,
    base,
    checkout: "sparse" as const,
    ref: `refs/pleach/${run}/unit/1` as RefName,
    message: "Snapshot\n",
    author: { name: "Pleach", email: "pleach@localhost" },
    kept: [],
    recordFolder: path.join(user.folder, "record"),
    plainContent: true,
  });
  const { written } = notesOf(pool, "slot-1");
  return {
    user,
    slot,
    written,
    file: (name: string) => path.join(slot.path, name),
    loosely: () => (written === undefined ? undefined : takeLooseSnapshot(request(slot), written)),
    byGit: async () => takeSnapshot(request(await readmitSlot(pool, slot, content))),
  };
}

const files = { "src/a.js": "a\n", "src/b.js": "b\n", "tool.sh": "#!/bin/sh\n", other: "o\n" };

test("a unit's few files are written, and what became of them is told and held without an index", async () => {
  const scene = await ground(files, "src/a.js", "src/b.js", "tool.sh", "not/there.js");
  expect(readFileSync(scene.file("src/a.js"), "utf8")).toBe("a\n");
  expect(existsSync(scene.file("other"))).toBe(false);
  writeFileSync(scene.file("src/a.js"), "A\n");
  rmSync(scene.file("src/b.js"));
  chmodSync(scene.file("tool.sh"), 0o755);
  const snapshot = await scene.loosely();
  expect(snapshot?.changed.map(({ kind, path: name }) => `${kind} ${name}`)).toEqual([
    "modified src/a.js",
    "deleted src/b.js",
    "modified tool.sh",
  ]);
  expect(await treeFiles(scene.user, snapshot?.commit ?? "")).toEqual({
    "src/a.js": "100644 A",
    "tool.sh": "100755 #!/bin/sh",
    other: "100644 o",
  });
});

test("where nothing was changed there is no commit", async () => {
  const scene = await ground(files, "src/a.js");
  writeFileSync(scene.file("src/a.js"), "a\n");
  expect(await scene.loosely()).toMatchObject({ changed: [], left: [] });
  expect((await scene.loosely())?.commit).toBeUndefined();
});

test.each<[string, (at: (name: string) => string) => void]>([
  ["a new file", (at) => writeFileSync(at("src/new.js"), "n\n")],
  [
    "a link in the place of a file",
    (at) => {
      rmSync(at("src/a.js"));
      symlinkSync("b.js", at("src/a.js"));
    },
  ],
  ["an empty folder", (at) => mkdirSync(at("empty"))],
  ["a repository", (at) => mkdirSync(at("src/.git"))],
])("%s is left to git, which loses nothing", async (_, change) => {
  const scene = await ground(files, "src/a.js", "src/b.js");
  writeFileSync(scene.file("src/b.js"), "B\n");
  change(scene.file);
  expect(await scene.loosely()).toBeUndefined();
  const told = (await scene.byGit()).changed.map((change) => change.path);
  expect(told).toContain("src/b.js");
  expect(told).not.toContain("other");
});

test.each<[string, Readonly<Record<string, string>>]>([
  ["attributes in a folder above", { ...files, "src/.gitattributes": "*.js text eol=crlf\n" }],
  ["attributes at the root", { ...files, ".gitattributes": "*.js filter=x\n" }],
])("with %s git writes the files", async (_, all) => {
  const scene = await ground(all, "src/a.js");
  expect(scene.written).toBeUndefined();
  expect(readFileSync(scene.file("src/a.js"), "utf8")).toMatch(/^a\r?\n$/);
  writeFileSync(scene.file("src/a.js"), "A\n");
  expect((await scene.byGit()).changed.map((change) => change.path)).toEqual(["src/a.js"]);
});
