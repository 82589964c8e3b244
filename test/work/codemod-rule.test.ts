import { expect, test } from "vitest";
import { askCodemodProblems, codemodProblems } from "../../src/work/codemod-worker.ts";

const fine = "id: a\nlanguage: TypeScript\nrule: { pattern: foo($A) }\nfix: bar($A)\n";

test("a right rule file has no problems", () => {
  expect(codemodProblems(fine, "r.yml")).toEqual([]);
  expect(codemodProblems(`${fine}---\n${fine.replace("id: a", "id: b")}---\n`, "r.yml")).toEqual(
    [],
  );
});

test("every problem of a rule file is told at once, with the rule and the nearest name", () => {
  const text = [
    "id: a\nlanguage: TypeScrpt\nrule: { patern: foo($A) }\nfixx: bar\nfix: bar($B)\n",
    "language: ts\nrule: { kind: number }\n",
    "- a list\n",
  ].join("---\n");

  expect(codemodProblems(text, "r.yml")).toEqual([
    "r.yml: rule 1 (a): unknown key `fixx`; did you mean `fix`?",
    expect.stringMatching(
      /^r\.yml: rule 1 \(a\): language `TypeScrpt` is not known; did you mean `typescript`\? \(known: TypeScript, Tsx, /,
    ),
    "r.yml: rule 1 (a): unknown key `patern` in rule; did you mean `pattern`?",
    "r.yml: rule 1 (a): the fix uses `$B`, which the rule does not capture",
    "r.yml: rule 2: `id` must be a name",
    "r.yml: rule 2: has no `fix`, so it would change nothing; say what a match becomes",
    "r.yml: rule 3 is not a mapping of keys",
  ]);
});

test.each([
  ["a key given twice", "id: a\nid: b\nlanguage: ts\n", "Map keys must be unique at line 2"],
  ["YAML that cannot be read", "id: [a\nlanguage: ts", "Flow sequence in block collection"],
  ["an empty file", "", "holds no rule"],
  ["nothing but a text", "just words", "is not a mapping of keys"],
  [
    "rewriters",
    `${fine}rewriters: []\n`,
    "`rewriters` are known to ast-grep's program only: make this a `command` codemod",
  ],
  [
    "a rule for any kind of node",
    "id: a\nlanguage: ts\nrule: { regex: foo }\nfix: x",
    "does not say which kinds of node it matches",
  ],
  [
    "an unknown key deep in a rule",
    "id: a\nlanguage: ts\nrule: { kind: number, inside: { any: [{ kind: a }, { kindd: b }] } }\nfix: x",
    "unknown key `kindd` in rule.inside.any[1]; did you mean `kind`?",
  ],
  [
    "meta variables in an expansion",
    "id: a\nlanguage: ts\nrule: { kind: pair }\nfix: { template: '', expandEnd: { pattern: $A } }",
    "meta variables in `expandStart` and `expandEnd` are not supported",
  ],
  ["a glob that is none", `${fine}files: src\n`, "`files` must be a list of globs"],
  ["rules that are all off", `${fine}severity: off\n`, "holds no rule"],
])("%s is a problem", (_, text, said) => {
  expect(codemodProblems(text, "r.yml").join("\n")).toContain(said);
});

test("what only ast-grep's parser can know is asked of a child process", async () => {
  const { signal } = new AbortController();
  const ask = (text: string) => askCodemodProblems({ text, file: "r.yml" }, signal);

  expect(await ask(fine)).toEqual([]);
  expect(await ask(fine.replace("pattern: foo($A)", "kind: nope"))).toEqual([
    expect.stringContaining("`$A`"),
  ]);
  expect(await ask("id: a\nlanguage: ts\nrule: { kind: nope }\nfix: x")).toEqual([
    expect.stringMatching(/^rule a: .*Kind `nope` is invalid/),
  ]);
  expect(await ask("id: a\nlanguage: ts\nrule: { kind: number, regex: '(' }\nfix: x")).toEqual([
    expect.stringMatching(/^rule a: .*unclosed group/),
  ]);
});

test("a language that is not built in names the package it needs", async () => {
  const text = "id: a\nlanguage: kotlin\nrule: { pattern: foo($A) }\nfix: bar($A)\n";

  expect(codemodProblems(text, "r.yml")).toEqual([]);
  expect(await askCodemodProblems({ text, file: "r.yml" }, new AbortController().signal)).toEqual([
    expect.stringMatching(
      /^language `kotlin` needs the package @ast-grep\/lang-kotlin installed beside pleach/,
    ),
  ]);
});
