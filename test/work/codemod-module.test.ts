import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { moduleProblem } from "../../src/work/codemod-module.ts";
import { scratchFolder } from "../support/scratch.ts";

const signal = new AbortController().signal;

function moduleOf(text: string, name = "mod.mjs"): string {
  const file = path.join(scratchFolder(), name);
  writeFileSync(file, text);
  return file;
}

it("names file and line of what cannot be parsed", async () => {
  const file = moduleOf("export default (source) => {\n  return source +;\n};\n");
  expect(await moduleProblem(file, signal)).toBe(`${file}:2: Unexpected token ';'`);
});

it("has nothing against a module that is well, however it is named, and never runs it", async () => {
  const trace = path.join(scratchFolder(), "ran");
  const text = `import fs from "node:fs";\nfs.writeFileSync(${JSON.stringify(trace)}, "");\nexport default (source) => source;\n`;
  for (const name of ["mod.mjs", "mod.js", "mod.ts", "mod"]) {
    expect([name, await moduleProblem(moduleOf(text, name), signal)]).toEqual([name, undefined]);
  }
  expect(existsSync(trace)).toBe(false);
});
