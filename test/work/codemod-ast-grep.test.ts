/** Our pass over a file against ast-grep's own program, which nobody here wrote. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startProcess } from "../../src/host/process.ts";
import { loadLibrary } from "../../src/work/codemod-library.ts";
import { makeRewriter } from "../../src/work/codemod-rewrite.ts";
import { parseRuleFile } from "../../src/work/codemod-rule.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "pleach-ast-grep-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const sources: readonly string[] = [
  "foo(1)\n",
  "foo(foo(1), foo(2));\nbar(foo(\n  1,\n  2\n));\n",
  "if (true) {\n  foo(\n    1\n      + 2\n      + 3\n  )\n}\n",
  "if (1) {\n\tfoo([\n\t\t1,\n\t\t2\n\t])\n}\n  \tfoo([\n  1])\n",
  'import a from "./a";\nimport { b } from "../b";\nexport * from "./c";\nawait import("./d");\n',
  "let a = 123;\nlet b = 123\nvar c = '😀'; let d = 123; foo('é', 1)\n",
  "// ast-grep-ignore\nfoo(1)\nfoo(2)\nfoo(3) // ast-grep-ignore: one\nfoo(4) // ast-grep-ignore: two, other\n",
  "// ast-grep-ignore: one\n\nfoo(1)\nlet a = 123\n",
  "x\n/* ast-grep-ignore */\nfoo(1)\n/* well ast-grep-ignore: one */\nfoo(2)\n// ast-grep-ignore: one because\nfoo(3)\n",
  "// ast-grep-ignore\n// next\nfoo(1)\nlet a = 123\n{ // ast-grep-ignore\nfoo(2) }\n",
  "const o = { a: 1, b: foo(2), c: 3, };\nconst p = {b: 1}\n",
  "function f() {\n  let a = 123;\n  return foo(() => {\n    return 1;\n  });\n}\n",
  "foo(1;\nfoo(2)\nlet = 123\n",
  "class A { m() { this.foo(1); foo(...x, y) } }\nfoo()\nfoo<T>(1)\nfoo?.(1)\n",
];

const rules: Readonly<Record<string, string>> = {
  "a pattern": "id: one\nlanguage: ts\nrule: {pattern: foo($A)}\nfix: bar($A)\n",
  "a list of captures": "id: one\nlanguage: ts\nrule: {pattern: foo($$$A)}\nfix: bar($$$A, 0)\n",
  "a fix of several lines":
    "id: one\nlanguage: ts\nrule: {pattern: foo($$$A)}\nfix: |-\n  bar(\n    $$$A,\n      [ $$$A ]\n  )\n",
  "a fix with tabs, odd dollars and an absent capture":
    "id: one\nlanguage: ts\nrule: {any: [{pattern: foo($A)}, {pattern: 'foo($A, $B)'}]}\nfix: \"\\tc(\\n\\t\\t$A\\n\\t$$A $$$A $b $Bc  $B $$ $\"\n",
  "two rules in the order of their ids":
    "id: two\nlanguage: ts\nrule: {pattern: foo($A)}\nfix: late($A)\n---\nid: one\nlanguage: ts\nrule: {pattern: foo($$$A)}\nfix: early($$$A)\n",
  "rules over nested nodes":
    "id: one\nlanguage: ts\nrule: {pattern: 'foo($$$A)'}\nfix: inner($$$A)\n---\nid: two\nlanguage: ts\nrule: {kind: expression_statement, has: {pattern: 'foo($$$A)'}}\nfix: outer($$$A);\n---\nid: three\nlanguage: ts\nrule: {pattern: let $A = 123}\nfix: const $A = 124\n",
  "a rule that is off":
    "id: one\nlanguage: ts\nseverity: off\nrule: {pattern: foo($A)}\nfix: no($A)\n---\nid: two\nlanguage: ts\nrule: {pattern: foo($A)}\nfix: yes($A)\n",
  "constraints, utils and transform":
    "id: one\nlanguage: ts\nutils: {lit: {any: [{kind: number}, {kind: string}]}}\nrule: {pattern: 'foo($A, $B)'}\nconstraints: {A: {matches: lit}}\ntransform:\n  N: {replace: {source: $A, replace: '[0-9]', by: x}}\n  U: substring($B, startChar=0, endChar=1)\nfix: bar($N, $U, $B)\n",
  "import endings":
    "id: one\nlanguage: ts\nrule:\n  kind: string_fragment\n  regex: '^\\.{1,2}/'\n  inside: {kind: string, inside: {any: [{kind: import_statement}, {kind: export_statement}]}}\n  pattern: $A\nfix: $A.js\n",
  "an expansion at the end":
    "id: one\nlanguage: ts\nrule: {kind: pair, has: {field: key, regex: '^[bc]$'}}\nfix: {template: '', expandEnd: {regex: ','}}\n",
  "expansions as far as they reach":
    "id: one\nlanguage: ts\nrule: {kind: number, inside: {kind: arguments}}\nfix: {template: 'n', expandStart: {kind: string, stopBy: end}, expandEnd: {regex: '^\\)$', stopBy: {regex: ','}}}\n",
  "the first of several fixes":
    "id: one\nlanguage: ts\nrule: {pattern: foo($A)}\nfix: [{template: a, title: first}, {template: b, title: second}]\n",
};

test.each(Object.keys(rules))(
  "%s changes files exactly as ast-grep's program does",
  async (name) => {
    const text = rules[name] ?? "";
    const read = parseRuleFile(text, "rule.yml");
    if (read.type === "problems") throw new Error(read.problems.join("\n"));
    const loaded = loadLibrary([]);
    if (loaded.type === "problems") throw new Error(loaded.problems.join("\n"));
    const rewriter = makeRewriter(read.rules, loaded.library);
    const ours = sources.map((source, at) => {
      const rulesFor = rewriter.rulesFor(`s${at}.ts`);
      if (rulesFor === undefined) throw new Error("no rule looks at TypeScript files");
      if (rulesFor.needed?.every((needed) => !source.includes(needed))) return source;
      return rewriter.rewrite(source, rulesFor).text ?? source;
    });

    expect(ours).toEqual(await theirs(text));
  },
);

async function theirs(rule: string): Promise<readonly string[]> {
  const place = mkdtempSync(path.join(folder, "run-"));
  mkdirSync(path.join(place, "src"));
  writeFileSync(path.join(place, "rule.yml"), rule);
  const files = sources.map((_, at) => path.join(place, "src", `s${at}.ts`));
  for (const [at, file] of files.entries()) writeFileSync(file, sources[at] ?? "");
  const program = path.join(
    path.dirname(createRequire(import.meta.url).resolve("@ast-grep/cli/package.json")),
    "ast-grep",
  );
  const child = startProcess(program, ["scan", "-r", "rule.yml", "-U", "src"], {
    cwd: place,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    said += chunk.toString("utf8");
  });
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(`ast-grep ended with ${code}: ${said}`);
  return files.map((file) => readFileSync(file, "utf8"));
}
