import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fileTools } from "../../../src/agent/tools/file-tools.ts";
import type { ToolName } from "../../../src/core/role.ts";
import { callTool, makeToolPlace, never, said } from "../../support/tool-place.ts";

/** Something that a worktree must keep away from: a folder beside it, with links that lead there. */
function hostilePlace() {
  const place = makeToolPlace({ a: "x\n", "src/b": "x\n", ".git": "gitdir: ../victim\n" });
  const victim = path.join(place.root, "victim");
  mkdirSync(victim);
  writeFileSync(path.join(victim, "secret"), "secret\n");
  const at = (name: string) => path.join(place.workplace.worktree, name);
  mkdirSync(at("nested/.git"), { recursive: true });
  writeFileSync(at("nested/.git/config"), "secret\n");
  symlinkSync(victim, at("out"));
  symlinkSync("../victim", at("src/out"));
  symlinkSync(path.join(victim, "secret"), at("file"));
  symlinkSync(path.join(victim, "made"), at("dangling"));
  symlinkSync("loop", at("loop"));
  symlinkSync(".git", at("pointer"));
  symlinkSync("nested/.git", at("folder"));
  symlinkSync("/proc/self", at("proc"));
  return { ...place, victim };
}

const paths = (victim: string) => [
  "../victim/secret",
  "../victim/made",
  `${victim}/secret`,
  "src/../../victim/secret",
  "/etc/passwd",
  "out/secret",
  "out/made",
  "out",
  "src/out/secret",
  "file",
  "dangling",
  "loop",
  "loop/x",
  ".git",
  "./.git",
  ".GIT",
  ".git/config",
  "src/../.git",
  "nested/.git/config",
  "nested/.Git/hooks/x",
  "pointer",
  "folder/config",
  "proc/environ",
  "proc/cwd/../victim/secret",
  "proc/root/etc/passwd",
  "a\0b",
  "",
  `${"x/".repeat(2100)}y`,
  "a/b",
  "//etc/passwd",
  "..",
  "../worktree-2/x",
];

/** The arguments by which each tool would touch a path. */
const touching: Readonly<Partial<Record<ToolName, (said: string) => unknown>>> = {
  read: (path) => ({ path }),
  edit: (path) => ({ path, edits: [{ old: "secret", new: "won" }] }),
  write: (path) => ({ path, content: "won" }),
  rename: (to) => ({ from: "a", to }),
  patch: (name) => ({ patch: `--- /dev/null\n+++ ${name}\n@@ -0,0 +1 @@\n+won\n` }),
};

describe("a path from a model", () => {
  it.each(Object.keys(touching) as ToolName[])(
    "never leads %s out of the worktree",
    async (name) => {
      const { victim, ...place } = hostilePlace();
      const won: string[] = [];
      for (const hostile of paths(victim)) {
        if (name === "patch" && /[\0]|^$/.test(hostile)) continue;
        const result = await place.call(name, touching[name]?.(hostile));
        if (result.type !== "failed") won.push(`${hostile}: ${said(result)}`);
      }
      expect(won).toEqual([]);
      expect(readdirSync(victim)).toEqual(["secret"]);
      expect(readFileSync(path.join(victim, "secret"), "utf8")).toBe("secret\n");
      expect(place.text(".git")).toBe("gitdir: ../victim\n");
      expect(readdirSync(path.join(place.workplace.worktree, "nested/.git"))).toEqual(["config"]);
    },
  );

  it.each(["list", "glob", "grep"] as const)("never leads %s there either", async (name) => {
    const { victim, ...place } = hostilePlace();
    for (const hostile of [
      "..",
      victim,
      "out",
      "src/out",
      "/etc",
      "proc/root",
      ".git",
      "nested/.git",
    ]) {
      const result = await place.call(name, {
        path: hostile,
        ...(name === "list" ? {} : { pattern: "secret" }),
      });
      expect([hostile, result.type]).toEqual([hostile, "failed"]);
    }
    const whole = said(await place.call(name, name === "list" ? {} : { pattern: "secret*" }));
    expect(whole).not.toContain("victim/");
    expect(whole).not.toContain("secret:");
  });

  it("removes a link, and never what it leads to", async () => {
    const { victim, ...place } = hostilePlace();
    for (const link of ["out", "file", "dangling", "loop"]) {
      expect(said(await place.call("remove", { path: link }))).toBe(`done: ${link} is removed`);
    }
    expect(said(await place.call("remove", { path: "src/out/secret" }))).toMatch(/^failed/);
    expect(readdirSync(victim)).toEqual(["secret"]);
  });

  it("that becomes a link between looking and writing leads nowhere", async () => {
    const { victim, ...place } = hostilePlace();
    const folder = path.join(place.workplace.worktree, "swap");
    const script = `while :; do mkdir swap 2>/dev/null; rm -rf swap; ln -s ../victim swap; rm swap; done`;
    const stop = new AbortController();
    const swapping = place.call("shell", { command: script }, stop.signal);
    for (let tries = 0; tries < 60; tries += 1)
      await place.call("write", { path: "swap/won", content: "won" });
    stop.abort();
    await swapping;
    expect([readdirSync(victim), existsSync(path.join(folder, "x"))]).toEqual([["secret"], false]);
  });

  it("may be absolute inside the worktree, and spelt in another way", async () => {
    const place = makeToolPlace({ "src/b": "x\n" });
    const at = (name: string) => path.join(place.workplace.worktree, name);
    for (const spelt of [at("src/b"), "./src/b", "src//b", "src/../src/b", `${at("src")}/./b`]) {
      expect(said(await place.call("read", { path: spelt }))).toMatch(/^done/);
    }
    expect(place.workplace.files.paths()).toEqual(["src/b"]);
  });
});

describe("arguments of a model", () => {
  const huge = "x".repeat(50 * 1024 * 1024);
  const fields =
    "path from to pattern files edits old new all content patch command timeout around".split(" ");

  it("of any kind and size are a result, never an exception", async () => {
    const place = makeToolPlace({ a: "x\n" });
    const wrong = [
      null,
      undefined,
      [],
      5,
      "x",
      true,
      huge,
      Array(1000).fill(null),
      { __proto__: null },
    ];
    const values = [...wrong, {}, "a", -1, 1e300, Number.NaN, "\ud800", "\u0000", "a".repeat(5000)];
    const begun = performance.now();
    for (const tool of fileTools(place.workplace)) {
      for (const one of wrong) {
        const result = await callTool(tool, one);
        if (tool.name !== "list") expect([tool.name, result.type]).toEqual([tool.name, "failed"]);
      }
      const pairs = fields.flatMap((field) => values.map((value) => [field, value] as const));
      for (const [field, value] of pairs) {
        const result = await callTool(tool, { path: "a", pattern: "x", [field]: value });
        expect(["done", "failed"]).toContain(result.type);
      }
    }
    expect(performance.now() - begun).toBeLessThan(30_000);
  }, 60_000);

  it("are only those that there are", async () => {
    const place = makeToolPlace({ a: "x\n" });
    for (const tool of fileTools(place.workplace)) {
      const given = {
        path: "a",
        pattern: "x",
        from: "a",
        to: "b",
        command: "true",
        patch: "x",
        content: "",
        edits: [],
      };
      expect((await callTool(tool, { ...given, sudo: true })).type).toBe("failed");
    }
  });

  it("made at random never throw and never leave the worktree", async () => {
    const place = makeToolPlace({ a: "x\n", "src/b": "y\n" });
    const beside = readdirSync(place.root).sort();
    const value = fc.oneof(
      fc.constantFrom("a", "src", "src/b", "..", "../x", "/", ".git", "new/x", "*", "x"),
      fc.string({ unit: "binary", maxLength: 30 }),
      fc.integer(),
      fc.constant(undefined),
      fc.array(fc.record({ old: fc.string(), new: fc.string() }), { maxLength: 2 }),
    );
    const given = fc.dictionary(
      fc.constantFrom(...fields.filter((field) => field !== "command")),
      value,
    );
    const tools = fileTools(place.workplace).filter(
      ({ name }) => name !== "grep" && name !== "glob",
    );
    const property = fc.asyncProperty(fc.constantFrom(...tools), given, async (tool, random) => {
      expect(["done", "failed"]).toContain((await callTool(tool, random, never)).type);
    });
    await fc.assert(property, { numRuns: 150 });
    expect(
      readdirSync(place.root)
        .filter((name) => name !== "outputs")
        .sort(),
    ).toEqual(beside);
  });
});
