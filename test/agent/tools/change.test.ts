import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { replaceIn } from "../../../src/agent/replacement.ts";
import { fileTools } from "../../../src/agent/tools/file-tools.ts";
import type { UnitId } from "../../../src/core/id.ts";
import { makeToolPlace, said, type ToolPlace } from "../../support/tool-place.ts";

async function known(files: Readonly<Record<string, string | Buffer>>, facts = {}) {
  const place = makeToolPlace(files, facts);
  for (const name of Object.keys(files)) await place.call("read", { path: name });
  return place;
}

const edit = async (place: ToolPlace, at: string, ...edits: readonly object[]) =>
  said(await place.call("edit", { path: at, edits }));

describe("edit", () => {
  it("replaces exact text at several places in one call", async () => {
    const place = await known({ a: "one\ntwo\nthree\n" });
    expect(await edit(place, "a", { old: "one", new: "1" }, { old: "two\nth", new: "2\nTh" })).toBe(
      "done: a is changed in 2 places",
    );
    expect(place.text("a")).toBe("1\n2\nThree\n");
    expect(await edit(place, "a", { old: "1", new: "one" })).toBe(
      "done: a is changed in one place",
    );
  });

  it("changes nothing unless every replacement can be made", async () => {
    const place = await known({ a: "x y y\n" });
    expect([
      await edit(place, "a", { old: "x", new: "z" }, { old: "q", new: "r" }),
      await edit(place, "a", { old: "x", new: "z" }, { old: "y", new: "r" }),
      await edit(place, "a", { old: "x", new: "x" }),
      await edit(place, "a", { old: "    1\tx y", new: "z" }),
      await edit(place, "a"),
    ]).toEqual([
      "failed: the old text of edit 2 is not in a (it begins q): read that part again and give it exactly, with its blanks; nothing is changed",
      "failed: the old text of edit 2 is in a 2 times: take in more lines around it, or give all; nothing is changed",
      "failed: that would leave a as it is",
      expect.stringContaining("leave out the line numbers"),
      "failed: wrong arguments: too_small",
    ]);
    expect(place.text("a")).toBe("x y y\n");
    await edit(place, "a", { old: "y", new: "r", all: true });
    expect(place.text("a")).toBe("x r r\n");
  });

  it("keeps the ends of lines, the mode and the mark at the beginning", async () => {
    const place = await known({ a: "\ufeffone\r\ntwo\r\nthree\r\n", b: "one\r\ntwo\nthree\n" });
    chmodSync(path.join(place.workplace.worktree, "a"), 0o755);
    await edit(place, "a", { old: "one\ntwo", new: "1\n\n2" }, { old: "three", new: "3\n4" });
    expect(place.text("a")).toBe("\ufeff1\r\n\r\n2\r\n3\r\n4\r\n");
    expect(statSync(path.join(place.workplace.worktree, "a")).mode & 0o777).toBe(0o755);
    await edit(
      place,
      "b",
      { old: "one\ntwo", new: "1\n2" },
      { old: "two\nthree".slice(3), new: "\n3" },
    );
    expect(place.text("b")).toBe("1\r\n2\n3\n");
  });

  it("is refused for a file that was never read, or changed since, by whomever", async () => {
    const place = makeToolPlace({ a: "one\n" });
    expect(await edit(place, "a", { old: "one", new: "1" })).toBe(
      "failed: a is there already and you have not read it: read it first",
    );
    await place.call("read", { path: "a" });
    await place.call("shell", { command: "echo two > a" });
    expect(await edit(place, "a", { old: "two", new: "2" })).toBe(
      "failed: a has changed since you read it: read it again, then decide anew",
    );
    await place.call("read", { path: "a" });
    expect(await edit(place, "a", { old: "two", new: "2" })).toMatch(/^done/);
    expect(await edit(place, "b", { old: "x", new: "y" })).toBe(
      "failed: there is no file b: make it with write",
    );
  });

  it("of two agents at once is made by one, and the other must read again", async () => {
    const place = await known({ a: "one\n" });
    const second = new Map(
      fileTools({ ...place.workplace, files: place.workplace.files.copy() }).map((tool) => [
        tool.name,
        tool,
      ]),
    );
    const call = (text: string) => ({ path: "a", edits: [{ old: "one", new: text }] });
    const results = await Promise.all([
      place.call("edit", call("first")),
      second.get("edit")?.call(call("second"), new AbortController().signal),
    ]);
    expect(results.map((result) => result && said(result)).sort()).toEqual([
      "done: a is changed in one place",
      "failed: a has changed since you read it: read it again, then decide anew",
    ]);
    expect(["first\n", "second\n"]).toContain(place.text("a"));
  });

  it("replaces what it says and leaves every other byte, whatever the ends of lines", () => {
    const line = fc.constantFrom("a", "b", "", "ab", "é😀");
    const end = fc.constantFrom("\n", "\r\n");
    const text = fc.array(fc.tuple(line, end), { maxLength: 8 }).map((all) => all.flat().join(""));
    const property = fc.property(text, text, text, text, (before, old, after, made) => {
      fc.pre(old.length > 0);
      const plain = (one: string) => one.replaceAll("\r\n", "\n");
      const whole = before + old + after;
      const answer = replaceIn(whole, { old, new: made });
      const times = [...Array(plain(whole).length).keys()].filter((at) =>
        plain(whole).startsWith(plain(old), at),
      ).length;
      if (answer.type === "not_found") throw new Error("it is there");
      expect(answer.type).toBe(times === 1 ? "replaced" : "ambiguous");
      if (answer.type !== "replaced" || before.endsWith("\r") || after.startsWith("\n")) return;
      expect(answer.text.startsWith(before)).toBe(true);
      expect(answer.text.endsWith(after)).toBe(true);
      const back = answer.text.slice(before.length, answer.text.length - after.length);
      expect(plain(back)).toBe(plain(made));
    });
    fc.assert(property, { numRuns: 500 });
  });
});

describe("write", () => {
  it("makes a file with its folders, and replaces one that was read as a whole", async () => {
    const place = makeToolPlace({ long: "x\n".repeat(3000) });
    expect(said(await place.call("write", { path: "a/b/c.ts", content: "1" }))).toBe(
      "done: a/b/c.ts is made (1 bytes)",
    );
    expect(said(await place.call("write", { path: "a/b/c.ts", content: "22" }))).toBe(
      "done: a/b/c.ts is replaced (2 bytes)",
    );
    expect(said(await place.call("write", { path: "long", content: "" }))).toMatch(
      /have not read it/,
    );
    await place.call("read", { path: "long" });
    expect(said(await place.call("write", { path: "long", content: "" }))).toMatch(
      /only a part of long/,
    );
    await place.call("read", { path: "long", from: 2001 });
    expect(said(await place.call("write", { path: "long", content: "" }))).toMatch(/^done/);
    expect(readdirSync(place.workplace.worktree).sort()).toEqual(["a", "long"]);
  });

  it("of many at once never shows half a file", async () => {
    const place = makeToolPlace();
    const texts = Array.from({ length: 12 }, (_, at) => `${at}`.repeat(50_000));
    const writes = texts.map((content) => place.call("write", { path: "a", content }));
    for (let looks = 0; looks < 50; looks += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      if (existsSync(path.join(place.workplace.worktree, "a")))
        expect(texts).toContain(place.text("a"));
    }
    await Promise.all(writes);
    expect(texts).toContain(place.text("a"));
    expect(readdirSync(place.workplace.worktree)).toEqual(["a"]);
  });

  it("breaks a hard link instead of writing through it", async () => {
    const place = makeToolPlace();
    const outside = path.join(place.root, "outside");
    writeFileSync(outside, "theirs");
    linkSync(outside, path.join(place.workplace.worktree, "a"));
    await place.call("read", { path: "a" });
    expect(said(await place.call("write", { path: "a", content: "ours" }))).toMatch(/^done/);
    expect([place.text("a"), readFileSync(outside, "utf8")]).toEqual(["ours", "theirs"]);
  });
});

describe("remove and rename", () => {
  it("remove a file that was read, a link by itself, an empty folder", async () => {
    const place = makeToolPlace({ a: "1", "d/x": "1" });
    symlinkSync("d/x", path.join(place.workplace.worktree, "link"));
    mkdirSync(path.join(place.workplace.worktree, "empty"));
    expect(said(await place.call("remove", { path: "a" }))).toMatch(/not read it/);
    await place.call("read", { path: "a" });
    expect([
      said(await place.call("remove", { path: "a" })),
      said(await place.call("remove", { path: "a" })),
      said(await place.call("remove", { path: "link" })),
      said(await place.call("remove", { path: "empty" })),
      said(await place.call("remove", { path: "d" })),
      said(await place.call("remove", { path: "." })),
    ]).toEqual([
      "done: a is removed",
      "failed: cannot remove a: it is not there",
      "done: link is removed",
      "done: empty is removed",
      "failed: cannot remove d: the folder is not empty",
      "failed: that is the worktree itself, not a file in it",
    ]);
    expect(place.text("d/x")).toBe("1");
  });

  it("rename files and folders, where nothing is yet, and what was read stays known", async () => {
    const place = await known({ a: "1\n", "d/x": "1", "e/y": "2" });
    expect([
      said(await place.call("rename", { from: "a", to: "n/b" })),
      said(await place.call("rename", { from: "d", to: "f" })),
      said(await place.call("rename", { from: "f", to: "e" })),
      said(await place.call("rename", { from: "f", to: "f/g" })),
      said(await place.call("rename", { from: "none", to: "g" })),
    ]).toEqual([
      "done: a is now n/b",
      "done: d is now f",
      "failed: e is there already",
      "failed: a folder cannot be moved into itself",
      "failed: cannot rename none: it is not there",
    ]);
    expect(await edit(place, "n/b", { old: "1", new: "2" })).toMatch(/^done/);
    expect(await edit(place, "f/x", { old: "1", new: "2" })).toMatch(/^done/);
  });
});

describe("what a unit does not own", () => {
  const mayChange = (path: string) => {
    if (path.startsWith("src/")) return { type: "yes" } as const;
    if (path.startsWith("lib/"))
      return { type: "no", owner: "other" as UnitId, isProtected: false } as const;
    return { type: "no", isProtected: path === "package-lock.json" } as const;
  };

  it("is refused at the call, with its owner and the way to go on", async () => {
    const files = { "src/a": "1\n", "lib/b": "1\n", "package-lock.json": "1\n", free: "1\n" };
    const place = await known(files, { mayChange });
    const lock = "package-lock.json";
    expect([
      await edit(place, "lib/b", { old: "1", new: "2" }),
      said(await place.call("write", { path: "lib/new", content: "" })),
      said(await place.call("remove", { path: lock })),
      said(await place.call("rename", { from: "src/a", to: "free-2" })),
      said(await place.call("rename", { from: "lib/b", to: "src/b" })),
      said(await place.call("rename", { from: "src", to: "moved" })),
      said(await place.call("patch", { patch: "--- a/free\n+++ b/free\n@@ -1 +1 @@\n-1\n+2\n" })),
      await edit(place, "src/a", { old: "1", new: "2" }),
    ]).toEqual([
      expect.stringMatching(/^failed: lib\/b belongs to the unit other: say with message to other/),
      expect.stringMatching(/^failed: lib\/new belongs to the unit other/),
      expect.stringMatching(/^failed: package-lock.json is protected .* message/),
      expect.stringMatching(
        /^failed: free-2 is not among what this unit owns: ask for it with claim/,
      ),
      expect.stringMatching(/^failed: lib\/b belongs to the unit other/),
      expect.stringMatching(/^failed: moved\/a is not among/),
      expect.stringMatching(/^failed: free is not among/),
      "done: src/a is changed in one place",
    ]);
  });

  it("is judged by where a link leads, not by its name", async () => {
    const place = makeToolPlace({ "lib/b": "1\n" }, { mayChange });
    mkdirSync(path.join(place.workplace.worktree, "src"));
    symlinkSync("../lib/b", path.join(place.workplace.worktree, "src/link"));
    symlinkSync("../lib", path.join(place.workplace.worktree, "src/folder"));
    await place.call("read", { path: "src/link" });
    expect(await edit(place, "src/link", { old: "1", new: "2" })).toMatch(
      /lib\/b belongs to the unit/,
    );
    expect(said(await place.call("write", { path: "src/folder/c", content: "" }))).toMatch(
      /lib\/c belongs/,
    );
  });
});
