/** Rules looked for in real commits of real repositories, in real child processes. */
import { describe, expect, it } from "vitest";
import type { Glob, Sha } from "../../src/core/id.ts";
import { type Match, patternLanguages } from "../../src/core/match.ts";
import { openRepository } from "../../src/git/repository.ts";
import { askMatchProblems, type Found, findMatches } from "../../src/work/match.ts";
import { makeRepository } from "../support/repository.ts";

const signal = new AbortController().signal;
const regex = (source: string, flags = ""): Match => ({ type: "regex", source, flags });
const pattern = (text: string, languages = patternLanguages): Match => ({
  type: "pattern",
  pattern: text,
  languages,
});

async function looked(
  files: Readonly<Record<string, string | Buffer>>,
  match: Match,
  where: readonly string[] = [],
  textTimeMs = 30_000,
) {
  const repository = await makeRepository(files);
  const commit = (await repository.git("rev-parse", "HEAD")) as Sha;
  // What lies in the checkout is nobody's business.
  for (const name of Object.keys(files)) repository.write({ [name]: "var dirty = 1\n" });
  const home = await openRepository(repository.path);
  const search = { match, files: where as readonly Glob[], environment: {}, textTimeMs };
  return findMatches(home, commit, search, signal);
}

async function found(...args: Parameters<typeof looked>): Promise<Found> {
  const outcome = await looked(...args);
  if (outcome.type === "failed") throw new Error(outcome.message);
  return outcome.found;
}

describe("a regular expression", () => {
  it("is found in what is committed, line by line, by path", async () => {
    const files = { "b.txt": "one\ntwo\nthree two\n", "a/c.md": "\n\ntwo", "d.txt": "none\n" };
    expect((await found(files, regex("^t\\w+"))).files).toEqual([
      { path: "a/c.md", count: 1, places: [{ line: 3, text: "two" }] },
      {
        path: "b.txt",
        count: 2,
        places: [
          { line: 2, text: "two" },
          { line: 3, text: "three two" },
        ],
      },
    ]);
  });

  it("looks only where it is told to, and as its flags say", async () => {
    const files = { "src/a.ts": "TWO", "lib/a.ts": "TWO", "src/gen/a.ts": "two" };
    const { files: there } = await found(files, regex("two", "i"), ["src/**", "!src/gen/**"]);
    expect(there.map(({ path }) => path)).toEqual(["src/a.ts"]);
  });

  it("leaves binary files and what is not UTF-8 alone, and says so", async () => {
    const files = { "a.bin": Buffer.from("two\0"), "b.txt": Buffer.from([0x74, 0xff]) };
    expect(await found(files, regex("t"))).toEqual({
      files: [],
      suppressed: new Map(),
      unread: [
        { path: "a.bin", why: "is binary" },
        { path: "b.txt", why: "is not UTF-8" },
      ],
      unclean: [],
    });
  });

  it("names a bounded number of places, and counts them all", async () => {
    const [file] = (await found({ "a.txt": "x x\n".repeat(500) }, regex("x"))).files;
    expect(file?.count).toBe(1000);
    expect(file?.places).toHaveLength(20);
  });

  it("that takes for ever is given up, and nobody says that there is nothing", async () => {
    const outcome = await looked({ "a.txt": `${"a".repeat(40)}!` }, regex("^(a+)+$"), [], 500);
    expect(outcome).toEqual({ type: "failed", message: "a.txt: took longer than 0.5 s" });
  });

  it("that is none is refused", async () => {
    expect(await askMatchProblems(regex("("), signal)).toEqual([
      expect.stringMatching(/unterminated group/i),
    ]);
    expect(await askMatchProblems(regex("a", "q"), signal)).toEqual([
      expect.stringMatching(/flags/),
    ]);
    expect(await askMatchProblems(regex("a", "y"), signal)).toHaveLength(1);
  });
});

describe("an ast-grep rule", () => {
  const sources = {
    "a.ts": "foo(1);\n// foo(2)\nbar(foo(\n  3));\n",
    "b.js": "const x = 'foo(1)';\n// ast-grep-ignore\nfoo(1)\n",
    "c.tsx": "<a b={foo(1)} />;\n",
    "d.txt": "foo(1)\n",
  };

  it("finds what is code, nested too, in each file's own language, and obeys its author", async () => {
    expect((await found(sources, pattern("foo($A)"))).files).toEqual([
      {
        path: "a.ts",
        count: 2,
        places: [
          { line: 1, text: "foo(1);" },
          { line: 3, text: "bar(foo(" },
        ],
      },
      { path: "c.tsx", count: 1, places: [{ line: 1, text: "<a b={foo(1)} />;" }] },
    ]);
  });

  it("may be a file of rules, with globs of its own and with no fix", async () => {
    const text =
      "id: a\nlanguage: ts\nfiles: ['a.*']\nrule: { pattern: foo($A) }\n---\nid: b\nlanguage: js\nrule: { kind: string }\nfix: ''\n";
    const { files } = await found(sources, { type: "rule", name: "r.yml", text });
    expect(files.map(({ path, count }) => [path, count])).toEqual([
      ["a.ts", 2],
      ["b.js", 1],
    ]);
  });

  it("says which files it could not parse as a whole", async () => {
    const { unclean } = await found({ "a.ts": "foo(1); function (\n" }, pattern("foo($A)"));
    expect(unclean).toEqual(["a.ts"]);
  });

  it("that is wrong is refused with all that is wrong", async () => {
    expect(await askMatchProblems(pattern("foo($A)", ["typscript"]), signal)).toEqual([
      expect.stringContaining("did you mean `typescript`?"),
    ]);
    const text = "id: a\nlanguage: ts\nrule: { kind: no_such_kind }\n";
    expect(await askMatchProblems({ type: "rule", name: "r.yml", text }, signal)).toEqual([
      expect.stringContaining("no_such_kind"),
    ]);
    const none = { type: "rule", name: "r.yml", text: "language: ts" } as const;
    expect(await askMatchProblems(none, signal)).toHaveLength(2);
  });
});
