import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { cloneTree } from "../../src/host/tree-copy.ts";
import { scratchFolder } from "../support/scratch.ts";

/** Every entry below a folder: kind, mode and content. */
function contents(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  return Object.fromEntries(
    names.map((name) => {
      const file = path.join(folder, name);
      const stat = lstatSync(file);
      const mode = (stat.mode & 0o7777).toString(8);
      if (stat.isSymbolicLink()) return [name, `-> ${readlinkSync(file)}`];
      return [
        name,
        stat.isDirectory() ? `folder ${mode}` : `${mode} ${readFileSync(file, "utf8")}`,
      ];
    }),
  );
}

function original(): string {
  const from = path.join(scratchFolder(), "from");
  mkdirSync(path.join(from, ".bin"), { recursive: true });
  mkdirSync(path.join(from, "a/b/c"), { recursive: true });
  mkdirSync(path.join(from, "empty"), { mode: 0o700 });
  writeFileSync(path.join(from, "a/b/c/deep.js"), "deep");
  writeFileSync(path.join(from, "a/tool"), "#!/bin/sh\n", { mode: 0o755 });
  writeFileSync(path.join(from, "a/read-only"), "r", { mode: 0o444 });
  symlinkSync("../a/tool", path.join(from, ".bin/tool"));
  symlinkSync("/no/such/place", path.join(from, "dangling"));
  symlinkSync("a", path.join(from, "folder-link"));
  linkSync(path.join(from, "a/tool"), path.join(from, "a/twin"));
  chmodSync(path.join(from, "a/b"), 0o555);
  return from;
}

test("a copy has the same files, links as they are written, and modes", async () => {
  const from = original();
  const to = path.join(scratchFolder(), "new/to");
  expect(await cloneTree(from, to)).toEqual({ skipped: [] });
  expect(contents(to)).toEqual(contents(from));
  chmodSync(path.join(from, "a/b"), 0o755);
  chmodSync(path.join(to, "a/b"), 0o755);
});

test("no file of the copy is a file of the original, nor of another name of it", async () => {
  const from = original();
  const to = path.join(scratchFolder(), "to");
  await cloneTree(from, to);
  chmodSync(path.join(from, "a/b"), 0o755);
  chmodSync(path.join(to, "a/b"), 0o755);
  writeFileSync(path.join(to, "a/tool"), "changed");
  expect(readFileSync(path.join(from, "a/tool"), "utf8")).toBe("#!/bin/sh\n");
  expect(readFileSync(path.join(to, "a/twin"), "utf8")).toBe("#!/bin/sh\n");
  expect(lstatSync(path.join(to, "a/tool")).nlink).toBe(1);
});

test("a folder that is itself a link is copied, not linked", async () => {
  const folder = scratchFolder();
  mkdirSync(path.join(folder, "real"));
  writeFileSync(path.join(folder, "real/a"), "a");
  symlinkSync("real", path.join(folder, "link"));
  await cloneTree(path.join(folder, "link"), path.join(folder, "to"));
  expect(lstatSync(path.join(folder, "to")).isDirectory()).toBe(true);
  expect(contents(path.join(folder, "to"))).toEqual(contents(path.join(folder, "real")));
});

test("nothing that is there already is replaced or followed", async () => {
  const folder = scratchFolder();
  for (const name of ["from/sub", "to", "elsewhere"]) {
    mkdirSync(path.join(folder, name), { recursive: true });
  }
  writeFileSync(path.join(folder, "from/sub/a"), "theirs");
  symlinkSync("../elsewhere", path.join(folder, "to/sub"));
  await expect(cloneTree(path.join(folder, "from"), path.join(folder, "to"))).rejects.toMatchObject(
    {
      code: "copy_in_the_way",
      message: `${folder}/to/sub is there already`,
    },
  );
  expect(readdirSync(path.join(folder, "elsewhere"))).toEqual([]);
  writeFileSync(path.join(folder, "to/a"), "mine");
  writeFileSync(path.join(folder, "from/a"), "theirs");
  await expect(cloneTree(path.join(folder, "from"), path.join(folder, "to"))).rejects.toThrow();
  expect(readFileSync(path.join(folder, "to/a"), "utf8")).toBe("mine");
});

test("what can exist only once is skipped and named", async () => {
  const folder = scratchFolder();
  mkdirSync(path.join(folder, "from"));
  execFileSync("mkfifo", [path.join(folder, "from/pipe")]);
  const copy = await cloneTree(path.join(folder, "from"), path.join(folder, "to"));
  expect(copy).toEqual({ skipped: [`${folder}/from/pipe`] });
  expect(existsSync(path.join(folder, "to/pipe"))).toBe(false);
});

test("a folder that is not there is a failure that names it", async () => {
  const folder = scratchFolder();
  await expect(cloneTree(`${folder}/none`, `${folder}/to`)).rejects.toMatchObject({
    kind: "environment",
    message: expect.stringContaining(`cannot copy ${folder}/none to ${folder}/to: ENOENT`),
  });
});

test("an abort stops the copy, and nothing is written after it was told", async () => {
  const folder = scratchFolder();
  for (let index = 0; index < 300; index += 1) {
    mkdirSync(path.join(folder, `from/${index}`), { recursive: true });
    for (const name of ["a", "b", "c"])
      writeFileSync(path.join(folder, `from/${index}/${name}`), "");
  }
  const stop = new AbortController();
  const running = cloneTree(path.join(folder, "from"), path.join(folder, "to"), {
    signal: stop.signal,
  });
  setImmediate(() => stop.abort(new Error("enough")));
  await expect(running).rejects.toThrow("enough");
  const made = contents(folder);
  await new Promise((resolve) => setImmediate(resolve));
  expect(contents(folder)).toEqual(made);
});
