/** The lexer beside the parser: on every file that the lexer takes upon itself, both must say the same. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { ImportFact } from "../../src/survey/blob-facts.ts";
import { lexedModule, type ModuleFacts } from "../../src/survey/parse/module-facts.ts";
import { parsedModule } from "../../src/survey/parse/module-syntax.ts";
import { readBlob } from "../../src/survey/parse/read-blob.ts";
import { rxjsFiles } from "../support/rxjs.ts";

const root = path.resolve(import.meta.dirname, "../..");

function said({ imports = [], offers = [] }: Pick<ModuleFacts, "imports" | "offers">) {
  const line = ({ kind, specifier, names }: ImportFact) =>
    `${kind} ${specifier} ${[...new Set(names)].sort().join(",")}`;
  return { imports: [...new Set(imports.map(line))].sort(), offers: [...new Set(offers)].sort() };
}

async function sources(): Promise<readonly (readonly [string, string])[]> {
  const folders = [
    "src",
    "test",
    "node_modules/zod",
    "node_modules/vitest",
    "node_modules/typescript/lib",
  ];
  const files = folders.flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => /\.[cm]?[jt]s$/.test(name))
      .map((name) => path.join(folder, name)),
  );
  const texts = files.map((name) => [name, readFileSync(path.join(root, name), "utf8")] as const);
  const others = Object.entries(await rxjsFiles()).filter(([name]) => name.endsWith(".ts"));
  return [...texts, ...others].filter(([, text]) => text.length < 500_000);
}

it("says what the parser says, on thousands of files of others", { timeout: 240_000 }, async () => {
  let compared = 0;
  for (const [name, text] of await sources()) {
    const dialect = /\.d\.[cm]?ts$/.test(name) ? "dts" : name.endsWith("ts") ? "ts" : "js";
    const lexed = await lexedModule(text, dialect);
    if (lexed === undefined) continue;
    const parsed = parsedModule(text, dialect);
    if (parsed.why !== undefined) continue;
    expect([name, said(lexed)]).toEqual([name, said(parsed)]);
    compared += 1;
  }
  expect(compared).toBeGreaterThan(1200);
});

const name = fc.constantFrom(
  "a",
  "type",
  "from",
  "as",
  "$b",
  "default as c",
  "type D",
  "type as as e",
);
const list = fc.uniqueArray(name, { maxLength: 4 }).map((names) => `{ ${names.join(", ")} }`);
const clause = fc.oneof(
  list,
  list.map((names) => `type ${names}`),
  list.map((names) => `whole, ${names}`),
  fc.constantFrom(
    "* as ns",
    "type * as ns",
    "whole, * as ns",
    "type",
    "type whole",
    "from",
    "/* { x } */ whole",
  ),
);
const statement = fc.oneof(
  clause.map((text) => `import ${text} from "./m";`),
  list.map((names) => `export ${names} from './m';`),
  fc.constantFrom(
    'export * from "./m";',
    'export type * from "./m";',
    'export * as all from "./m";',
    'import "./m";',
  ),
);

it("understands every clause as the parser does", async () => {
  await fc.assert(
    fc.asyncProperty(statement, async (text) => {
      const parsed = parsedModule(text, "ts");
      fc.pre(parsed.why === undefined);
      const lexed = await lexedModule(text, "ts");
      fc.pre(lexed !== undefined);
      expect(said(lexed ?? {})).toEqual(said(parsed));
    }),
    { numRuns: 500 },
  );
});

it("never throws, whatever bytes it is given", async () => {
  const dialects = [
    "ts",
    "tsx",
    "dts",
    "js",
    "jsx",
    "python",
    "go",
    "rust",
    "java",
    "json",
  ] as const;
  const pieces = fc.constantFrom(
    "import ",
    "{",
    "}",
    "`",
    "${",
    "'",
    '"',
    "/*",
    "//",
    "\n",
    "from",
    "é",
    "def ",
    "use ",
    "<",
    "/",
    "=",
    "(",
  );
  const text = fc.array(fc.oneof(pieces, fc.string({ maxLength: 5 })), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...dialects), text, async (dialect, parts) => {
      const { kind } = await readBlob(dialect, Buffer.from(parts.join("")));
      expect(["text", "binary", "unparsable"]).toContain(kind);
    }),
    { numRuns: 500 },
  );
});
