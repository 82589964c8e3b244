import { chmodSync, existsSync, mkdirSync, statSync } from "node:fs";
import path from "node:path";
import { createTwoFilesPatch } from "diff";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeToolPlace, said, type ToolPlace } from "../../support/tool-place.ts";

async function known(files: Readonly<Record<string, string>>): Promise<ToolPlace> {
  const place = makeToolPlace(files);
  for (const name of Object.keys(files)) await place.call("read", { path: name });
  return place;
}

const patch = async (place: ToolPlace, text: string) =>
  said(await place.call("patch", { patch: text }));

const change = "--- a/f\n+++ b/f\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n";

describe("patch", () => {
  it("changes, makes, removes and renames files in one go", async () => {
    const place = await known({ f: "one\ntwo\nthree\n", gone: "x\n", old: "a\nb\n" });
    const text = `${change}--- /dev/null
+++ b/n/new.sh
@@ -0,0 +1 @@
+made
--- a/gone
+++ /dev/null
@@ -1 +0,0 @@
-x
diff --git a/old b/renamed
similarity index 50%
rename from old
rename to renamed
--- a/old
+++ b/renamed
@@ -1,2 +1,2 @@
 a
-b
+B
`;
    expect(await patch(place, text)).toBe(
      "done: f is changed\nn/new.sh is made\ngone is removed\nold is removed\nrenamed is made",
    );
    expect(place.text("f")).toBe("one\n2\nthree\n");
    expect(place.text("n/new.sh")).toBe("made\n");
    expect(place.text("renamed")).toBe("a\nB\n");
    expect([
      existsSync(path.join(place.workplace.worktree, "gone")),
      place.workplace.files.paths(),
    ]).toEqual([false, ["f", "n/new.sh", "renamed"]]);
  });

  it("fits where lines have moved a little, and where its counts do not add up", async () => {
    const place = await known({ f: "zero\n\none\ntwo\nthree\n" });
    expect(await patch(place, change)).toBe("done: f is changed");
    expect(await patch(place, "```diff\n--- f\n+++ f\n@@ -9,9 +9,7 @@\n one\n-2\n+two\n```")).toBe(
      "done: f is changed",
    );
    expect(place.text("f")).toBe("zero\n\none\ntwo\nthree\n");
  });

  it("keeps the ends of lines and the mode", async () => {
    const place = await known({ f: "one\r\ntwo\r\nthree\r\n" });
    chmodSync(path.join(place.workplace.worktree, "f"), 0o755);
    expect(await patch(place, change)).toBe("done: f is changed");
    expect(place.text("f")).toBe("one\r\n2\r\nthree\r\n");
    expect(statSync(path.join(place.workplace.worktree, "f")).mode & 0o777).toBe(0o755);
  });

  it("is refused as a whole, and says why", async () => {
    const place = await known({ f: "one\ntwo\nthree\n", g: "g\n" });
    place.put("unread", "one\ntwo\nthree\n");
    const second = (text: string) => `${change}${text}`;
    expect([
      await patch(place, second("--- a/g\n+++ b/g\n@@ -1 +1 @@\n-other\n+x\n")),
      await patch(place, second("--- /dev/null\n+++ b/g\n@@ -0,0 +1 @@\n+x\n")),
      await patch(place, second("--- a/none\n+++ b/none\n@@ -1 +1 @@\n-a\n+b\n")),
      await patch(place, change.replaceAll("/f", "/unread")),
      await patch(place, "--- a/g\n+++ /dev/null\n@@ -1 +0,0 @@\n-other\n"),
      await patch(place, change.replaceAll("b/f", "b/../../x").replaceAll("a/f", "a/../../x")),
      await patch(place, change.replaceAll("/f", "/.git/config")),
      await patch(place, "no patch at all"),
      await patch(place, "@@ -1 +1 @@\n-a\n+b\n"),
      await patch(place, "--- a/f\n+++ b/f\n@@ nonsense @@\n-a\n"),
    ]).toEqual([
      expect.stringContaining("the patch does not fit g"),
      "failed: g is there already; nothing is changed",
      "failed: there is no file none; nothing is changed",
      expect.stringContaining("unread is there already and you have not read it"),
      expect.stringContaining("does not fit g"),
      expect.stringContaining("outside the worktree"),
      expect.stringContaining("git's own"),
      expect.stringContaining("it holds no hunk"),
      expect.stringContaining("does not say which file"),
      expect.stringContaining("it is no unified diff"),
    ]);
    expect([place.text("f"), place.text("g")]).toEqual(["one\ntwo\nthree\n", "g\n"]);
  });

  it("puts back what it changed where a later file cannot be written", async () => {
    const place = await known({ f: "one\ntwo\nthree\n" });
    mkdirSync(path.join(place.workplace.worktree, "d"));
    const text = `${change}--- /dev/null\n+++ b/${"n".repeat(300)}\n@@ -0,0 +1 @@\n+x\n`;
    expect(await patch(place, text)).toMatch(
      /^failed: cannot (?:open|write|read) .*name is too long/,
    );
    expect(place.text("f")).toBe("one\ntwo\nthree\n");
  });

  it("makes of the old text the new one, whatever both are", async () => {
    const text = fc
      .array(fc.constantFrom("a", "b", "c", "", "- x", "+ y", "@@ z", " d"), { maxLength: 12 })
      .map((lines) => lines.map((line) => `${line}\n`).join(""));
    const property = fc.asyncProperty(text, text, async (before, after) => {
      fc.pre(before !== after && before !== "" && after !== "");
      const place = await known({ f: before });
      await patch(place, createTwoFilesPatch("a/f", "b/f", before, after));
      expect(place.text("f")).toBe(after);
    });
    await fc.assert(property, { numRuns: 60 });
  });
});
