import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, truncateSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { makeToolPlace, said } from "../../support/tool-place.ts";

const numbered = (count: number) =>
  Array.from({ length: count }, (_, at) => `line ${at + 1}\n`).join("");

describe("read", () => {
  it("shows lines after their numbers, as something foreign", async () => {
    const place = makeToolPlace({ "src/a.ts": "one\n\ttwo\n" });
    expect(await place.call("read", { path: "src/a.ts" })).toEqual({
      type: "done",
      text: "    1\tone\n    2\t\ttwo",
      isForeign: true,
    });
  });

  it("shows a range, and says how to go on where it was cut", async () => {
    const place = makeToolPlace({ a: numbered(5000) });
    expect(said(await place.call("read", { path: "a", from: 4999 }))).toBe(
      "done:  4999\tline 4999\n 5000\tline 5000",
    );
    const first = said(await place.call("read", { path: "a" }));
    expect(first.split("\n").slice(-2)).toEqual([
      " 2000\tline 2000",
      "[lines up to 2000 of 5000; go on with from: 2001]",
    ]);
    expect(said(await place.call("read", { path: "a", from: 3, to: 4 }))).toBe(
      "done:     3\tline 3\n    4\tline 4",
    );
  });

  it("cuts long lines and says so", async () => {
    const place = makeToolPlace({ a: `${"x".repeat(5000)}\nshort` });
    const text = said(await place.call("read", { path: "a" }));
    expect(text).toContain("x[… 3000 more characters]");
    expect(text).toContain("[1 long lines are cut");
    expect(text.length).toBeLessThan(2300);
  });

  it("shows the lines of Windows without their returns", async () => {
    const place = makeToolPlace({ a: "one\r\ntwo\r\n", b: "one\r\ntwo\n" });
    expect(said(await place.call("read", { path: "a" }))).toBe("done:     1\tone\n    2\ttwo");
    expect(said(await place.call("read", { path: "b" }))).toContain("ends some lines with CRLF");
  });

  it.each([
    ["an image", "a.png", Buffer.from("\x89PNG\r\n\x1a\n\0\0\0", "latin1"), "is an image"],
    ["a binary file", "a", Buffer.from("ELF\0\0"), "is a binary file"],
    ["another encoding", "a", Buffer.from([0x61, 0xe9, 0x62]), "not text in UTF-8"],
    ["text in UTF-16", "a", Buffer.from("\ufeffab", "utf16le"), "text in UTF-16"],
  ])("refuses %s, and says what to do", async (_, name, bytes, why) => {
    const place = makeToolPlace({ [name]: bytes });
    const text = said(await place.call("read", { path: name }));
    expect(text).toMatch(/^failed: /);
    expect(text).toContain(why);
    expect(text).toContain("shell");
  });

  it("refuses what is missing, a folder, an impossible range, and names them", async () => {
    const place = makeToolPlace({ "src/a.ts": "one\n", empty: "" });
    expect([
      said(await place.call("read", { path: "src/b.ts" })),
      said(await place.call("read", { path: "src" })),
      said(await place.call("read", { path: "src/a.ts/b" })),
      said(await place.call("read", { path: "src/a.ts", from: 2 })),
      said(await place.call("read", { path: "src/a.ts", from: 1, to: 0 })),
      said(await place.call("read", { path: "empty" })),
    ]).toEqual([
      "failed: there is no file src/b.ts",
      "failed: src is a folder: see what is in it with list",
      "failed: a part of src/a.ts/b is a file, not a folder",
      "failed: src/a.ts has only 1 lines",
      "failed: wrong arguments: too_small",
      "done: empty is empty",
    ]);
  });

  it("never waits at a pipe, a socket or a device, nor reads a huge file", async () => {
    const place = makeToolPlace({ huge: "" });
    const at = (name: string) => path.join(place.workplace.worktree, name);
    execFileSync("mkfifo", [at("pipe")]);
    truncateSync(at("huge"), 3 * 1024 ** 3);
    const server = createServer().listen(at("socket"));
    onTestFinished(() => void server.close());
    symlinkSync("/dev/zero", at("zero"));
    expect([
      said(await place.call("read", { path: "pipe" })),
      said(await place.call("read", { path: "socket" })),
      said(await place.call("read", { path: "huge" })),
      said(await place.call("read", { path: "zero" })),
    ]).toEqual([
      "failed: pipe is a pipe, a socket or a device, not a file",
      "failed: cannot read socket: it is a socket or a device",
      expect.stringMatching(/^failed: huge .* 3072 MB/),
      expect.stringMatching(/^failed: zero leads out of the worktree through a link/),
    ]);
  });

  it("reads a long output that was kept, and nothing beside it", async () => {
    const place = makeToolPlace();
    mkdirSync(place.workplace.outputs);
    const shell = await place.call("shell", { command: "seq 1 20000" });
    const file = /all of it is in (\S+):/.exec(said(shell))?.[1] ?? "";
    expect(said(await place.call("read", { path: file, from: 19_999 }))).toContain("20000");
    expect(place.workplace.files.paths()).toEqual([]);
    expect(said(await place.call("read", { path: `${place.workplace.outputs}/../x` }))).toMatch(
      /^failed: .*outside the worktree/,
    );
  });
});

describe("list", () => {
  it("shows folders, links and files, and not git's own", async () => {
    const place = makeToolPlace({ "src/a.ts": "", ".git": "gitdir: x", ".github/x": "" });
    symlinkSync("src", path.join(place.workplace.worktree, "link"));
    expect(said(await place.call("list", {}))).toBe("done: .github/\nlink@\nsrc/");
    expect(said(await place.call("list", { path: "src" }))).toBe("done: a.ts");
    expect(said(await place.call("list", { path: "src/a.ts" }))).toMatch(/^failed: cannot list/);
  });

  it("is bounded", async () => {
    const place = makeToolPlace(
      Object.fromEntries(Array.from({ length: 520 }, (_, at) => [`f${at}`, ""])),
    );
    const lines = said(await place.call("list", {})).split("\n");
    expect([lines.length, lines.at(-1)]).toEqual([501, "[and 20 more: use glob]"]);
  });
});
