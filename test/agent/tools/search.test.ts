import { spawnSync } from "node:child_process";
import { symlinkSync } from "node:fs";
import path from "node:path";
import { describe, expect, it, vi } from "vitest";
import { scratchFolder } from "../../support/scratch.ts";
import { makeToolPlace, said } from "../../support/tool-place.ts";

const tree = {
  ".gitignore": "built/\n*.log\n",
  ".git": "gitdir: /nonexistent\n",
  "built/a.js": "needle\n",
  "x.log": "needle\n",
  ".github/ci.yml": "needle: 1\n",
  "src/a.ts": "export const needle = 1;\nother\n",
  "src/deep/b.test.ts": "Needle\r\n",
  "bin.dat": Buffer.from("needle\0"),
  "-e": "needle\n",
};

/** With the programs of the system but `rg`. */
async function withoutRipgrep<T>(work: () => Promise<T>): Promise<T> {
  const folder = scratchFolder();
  for (const program of ["git", "find"]) {
    const { stdout } = spawnSync("/bin/sh", ["-c", `command -v ${program}`], { encoding: "utf8" });
    symlinkSync(stdout.trim(), path.join(folder, program));
  }
  vi.stubEnv("PATH", folder);
  try {
    return await work();
  } finally {
    vi.unstubAllEnvs();
  }
}

describe("glob", () => {
  it("finds files by path, also new ones, but none that git ignores", async () => {
    const place = makeToolPlace(tree);
    const found = async (given: unknown) => said(await place.call("glob", given)).split("\n");
    expect(await found({ pattern: "**" })).toEqual([
      "done: -e",
      ".github/ci.yml",
      ".gitignore",
      "bin.dat",
      "src/a.ts",
      "src/deep/b.test.ts",
    ]);
    expect(await found({ pattern: "*.ts" })).toEqual(["done: src/a.ts", "src/deep/b.test.ts"]);
    expect(await found({ pattern: "./*.ts", path: "src" })).toEqual(["done: src/a.ts"]);
    expect(await found({ pattern: "*.py" })).toEqual(['done: no file is called "*.py"']);
  });

  it("refuses a pattern that is none, in bounded time whatever it is", async () => {
    const place = makeToolPlace(tree);
    expect(said(await place.call("glob", { pattern: "a{b" }))).toMatch(/^failed: the pattern has/);
    const hostile = await place.call("glob", { pattern: `${"*a".repeat(400)}b` });
    expect(hostile.type).toBe("done");
  });
});

describe("grep", () => {
  it("finds lines with their place, and nothing in what is ignored, binary or git's", async () => {
    const place = makeToolPlace(tree);
    symlinkSync("/etc", path.join(place.workplace.worktree, "etc"));
    const found = async (given: object) =>
      said(await place.call("grep", given))
        .replace("done: ", "")
        .split("\n")
        .sort();
    expect(await found({ pattern: "needle" })).toEqual([
      "-e:1:needle",
      ".github/ci.yml:1:needle: 1",
      "src/a.ts:1:export const needle = 1;",
    ]);
    expect(await found({ pattern: "^n\\w+$", ignoreCase: true, path: "src" })).toEqual([
      "src/deep/b.test.ts:1:Needle",
    ]);
    expect(
      await found({ pattern: "needle", ignoreCase: true, path: "src", files: "*.test.ts" }),
    ).toEqual(["src/deep/b.test.ts:1:Needle"]);
    expect(await found({ pattern: "needle", path: "src/a.ts", namesOnly: true })).toEqual([
      "src/a.ts",
    ]);
    expect(await found({ pattern: "needle", path: "src/a.ts", around: 1 })).toEqual([
      "src/a.ts-2-other",
      "src/a.ts:1:export const needle = 1;",
    ]);
    expect(await found({ pattern: "root:", path: "." })).toEqual(['nothing matches "root:"']);
  });

  it("takes a pattern for a pattern, never for an option", async () => {
    const place = makeToolPlace({ a: "--help\n" });
    expect(said(await place.call("grep", { pattern: "--help" }))).toBe("done: a:1:--help");
    expect(said(await place.call("grep", { pattern: "x", files: "--output=/tmp/x" }))).toMatch(
      /^done: nothing/,
    );
  });

  it("refuses a pattern that is wrong, and says why", async () => {
    const place = makeToolPlace({ a: "x" });
    expect(said(await place.call("grep", { pattern: "(a" }))).toMatch(
      /^failed: the search failed: .+/,
    );
    expect(said(await place.call("grep", { pattern: "x", path: "../.." }))).toMatch(
      /outside the worktree/,
    );
  });

  it("is not hung by a pattern that never ends", async () => {
    const place = makeToolPlace({ a: `${"a".repeat(50_000)}!\n` });
    const begun = performance.now();
    const result = await place.call("grep", { pattern: "(a+)+$" });
    expect(["done", "failed"]).toContain(result.type);
    expect(performance.now() - begun).toBeLessThan(10_000);
  });

  it("keeps what is too much in a file, and cuts long lines", async () => {
    const place = makeToolPlace({ a: "needle\n".repeat(5000), b: `needle${"x".repeat(9000)}\n` });
    const text = said(await place.call("grep", { pattern: "needle" }));
    const file = /5001 lines in all are in (\S+):/.exec(text)?.[1] ?? "";
    expect(text.length).toBeLessThan(10_000);
    expect(said(await place.call("read", { path: file, from: 5000, to: 5000 }))).toContain(
      "needle",
    );
    expect(said(await place.call("grep", { pattern: "needle", path: file }))).toContain(":needle");
    expect(said(await place.call("grep", { pattern: "needle", path: "b" })).length).toBeLessThan(
      500,
    );
  });

  it("leaves out files that are too large, and says so, instead of giving up over them", async () => {
    const large = "x".repeat(11 * 1024 * 1024);
    const place = makeToolPlace({
      ...{ "big [1].txt": large, "deep/big.js": large, "-big": large },
      ...{ "built.log": large, ".gitignore": "*.log\n" },
      "deep/small.txt": "x x q\n",
    });
    const begun = performance.now();
    const found = async (given: object) =>
      said(await withoutRipgrep(() => place.call("grep", { pattern: "x.*x.*q", ...given })));
    const remark = (names: string) =>
      `[not searched unless path names it, being larger than 10 MB: ${names}]`;
    expect(await found({})).toBe(
      `done: deep/small.txt:1:x x q\n${remark('-big, "big [1].txt", deep/big.js')}`,
    );
    expect(await found({ files: "*.txt", namesOnly: true })).toBe(
      `done: deep/small.txt\n${remark('"big [1].txt"')}`,
    );
    expect(await found({ path: "deep", files: "*.txt" })).toBe("done: deep/small.txt:1:x x q");
    expect(await found({ path: "deep", pattern: "z" })).toBe(
      `done: nothing matches z\n${remark("deep/big.js")}`,
    );
    // Who names one means it.
    expect(await found({ path: "-big", pattern: "^xx", namesOnly: true })).toBe("done: -big");
    expect(performance.now() - begun).toBeLessThan(10_000);
  });

  it("ends when it is stopped", async () => {
    const place = makeToolPlace({ a: "x" });
    const stop = new AbortController();
    const running = place.call("grep", { pattern: "x" }, stop.signal);
    stop.abort();
    expect(said(await running)).toBe("failed: it was stopped before its end");
  });
});
