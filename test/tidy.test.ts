import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { complaints, layers, type SourceFile } from "./support/source-rules.ts";

const root = path.resolve(import.meta.dirname, "..");

async function readSources(): Promise<SourceFile[]> {
  const names = await Promise.all(
    ["src", "test", "scripts"].map(async (folder) => {
      const entries = await readdir(path.join(root, folder), {
        recursive: true,
        withFileTypes: true,
      });
      return entries
        .filter((entry) => entry.isFile() && /\.(?:ts|mjs)$/.test(entry.name))
        .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)));
    }),
  );
  const sources = names.flat().filter((name) => !name.startsWith("test/fixtures/"));
  return Promise.all(
    sources.map(async (name) => ({
      path: name,
      text: await readFile(path.join(root, name), "utf8"),
    })),
  );
}

describe("the house", () => {
  it("is tidy", async () => {
    const sources = await readSources();
    expect(sources.length).toBeGreaterThan(50);
    expect(complaints(sources)).toEqual([]);
  });

  it("keeps plan, work and merge apart, and survey and agent", () => {
    const apart = [
      ["plan", "work", "merge"],
      ["survey", "agent"],
    ];
    for (const rooms of apart) {
      for (const room of rooms) {
        expect(rooms.filter((other) => other !== room && layers[room]?.includes(other))).toEqual(
          [],
        );
      }
    }
  });
});

const filler = (lines: number) => Array.from({ length: lines }, (_, at) => `// ${at}\n`).join("");
const word = ["TO", "DO"].join("");
const skip = ["it.", "skip("].join("");

const planted: readonly (readonly [what: string, path: string, text: string, said: string])[] = [
  ["a sideways import", "src/plan/a.ts", `import { x } from "../work/b.ts";`, "plan imports work"],
  [
    "a sideways type",
    "src/plan/a.ts",
    `import type { X } from "../work/b.ts";`,
    "plan imports work",
  ],
  [
    "a sideways import type",
    "src/plan/a.ts",
    `type X = import("../merge/b.ts").X;`,
    "plan imports merge",
  ],
  ["a lazy sideways import", "src/view/a.ts", `await import("../host/b.ts");`, "view imports host"],
  ["a sideways export", "src/core/a.ts", `export { x } from "../git/git.ts";`, "core imports git"],
  ["an import upwards", "src/run/a.ts", `import { x } from "../cli/b.ts";`, "run imports cli"],
  ["an outside in core", "src/core/a.ts", `import path from "node:path";`, "core has no outside"],
  ["an outside in view", "src/view/a.ts", `import "chalk";`, "view has no outside"],
  ["an unknown room", "src/stuff/a.ts", "", "no room that there is: stuff"],
  [
    "a process started elsewhere",
    "src/git/a.ts",
    `import { spawn } from "node:child_process";`,
    "one door",
  ],
  [
    "the same without its prefix",
    "src/git/a.ts",
    `import { spawn } from "child_process";`,
    "one door",
  ],
  ["git run elsewhere", "src/git/a.ts", `import { simpleGit } from "simple-git";`, "one door"],
  [
    "commander outside cli",
    "src/run/a.ts",
    `import { Command } from "commander/esm.mjs";`,
    "one door",
  ],
  ["a lane made elsewhere", "src/cli/a.ts", `import PQueue from "p-queue";`, "one door"],
  ["a model elsewhere", "src/agent/a.ts", `const { x } = require("openai");`, "one door"],
  ["a long file", "src/core/a.ts", filler(301), "has 301 lines"],
  [
    "a long function",
    "src/core/a.ts",
    `export function f() {\n${filler(59)}}\n`,
    "a function of 61 lines",
  ],
  [
    "a long arrow",
    "src/core/a.ts",
    `export const f = () => {\n${filler(59)}};\n`,
    "a function of 61 lines",
  ],
  ["unfinished work", "src/core/a.ts", `// ${word}: later`, "left over"],
  ["a skipped test", "test/core/a.test.ts", `${skip}"x", () => {});`, "left over"],
  ["console", "src/host/a.ts", `console.error("x");`, "console"],
  ["an exit", "src/cli/a.ts", "process.exit(1);", "process.exit outside main.ts"],
  ["a default export", "src/core/a.ts", "export default 1;", "a default export"],
  ["a default function", "src/core/a.ts", "export default function f() {}", "a default export"],
  [
    "a renamed default",
    "src/core/a.ts",
    "const x = 1;\nexport { x as default };",
    "a default export",
  ],
  ["a name that says nothing", "src/core/utils.ts", "", "utils is no name"],
  ["a folder that says nothing", "src/core/common/a.ts", "", "common is no name"],
];

describe("a planted violation is found", () => {
  it.each(planted)("%s", (_, where, text, said) => {
    expect(complaints([{ path: where, text }]).join("\n")).toContain(said);
  });

  it("a circle of imports", () => {
    const files = [
      { path: "src/core/a.ts", text: `import { b } from "./b.ts";` },
      { path: "src/core/b.ts", text: `import type { C } from "./c.ts";` },
      { path: "src/core/c.ts", text: `export { a } from "./a.ts";` },
    ];
    expect(complaints(files)).toHaveLength(1);
    expect(complaints(files.slice(0, 2))).toEqual([]);
  });

  it("and what is allowed is not", () => {
    const allowed: readonly (readonly [string, string])[] = [
      ["src/main.ts", `import { main } from "./cli/program.ts";\nprocess.exit(await main());`],
      ["src/cli/compose.ts", `import PQueue from "p-queue";\nimport { x } from "../plan/a.ts";`],
      ["src/cli/run.ts", `import { Command } from "commander";`],
      ["src/host/process.ts", `import { spawn } from "node:child_process";`],
      [
        "src/core/path.ts",
        `import picomatch from "picomatch";\nexport const text = "process.exit(1)";`,
      ],
      ["src/core/long.ts", `${filler(238)}export function f() {\n${filler(58)}}\n`],
      ["test/core/a.test.ts", `import { spawn } from "node:child_process";`],
    ];
    expect(allowed.flatMap(([where, text]) => complaints([{ path: where, text }]))).toEqual([]);
  });
});
