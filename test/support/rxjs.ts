/** The sources of rxjs 7.8.2 as published, fetched once to where the quickstart keeps them too. */
import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import ts from "typescript";
import type { Tie } from "../../src/core/coupling.ts";
import type { WorkFile } from "../../src/core/folder-partition.ts";

const fetched = path.resolve(import.meta.dirname, "../../.pleach-quickstart/fetched");
const published = "rxjs@7.8.2";
const sources = path.join(fetched, "node_modules/rxjs");

/** Every file below `src` by its path from the root, with what a check of its types needs. */
export async function rxjsFiles(): Promise<Readonly<Record<string, string>>> {
  if (!existsSync(path.join(sources, "src/index.ts"))) {
    await fetchSources();
  }
  const below = readdirSync(path.join(sources, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(sources, path.join(entry.parentPath, entry.name)));
  const names = [...below, "tsconfig.json", "package.json"].sort();
  return Object.fromEntries(
    names.map((name) => [name, readFileSync(path.join(sources, name), "utf8")]),
  );
}

/** Whole or not at all: tests in other processes fetch them at the same time. */
async function fetchSources(): Promise<void> {
  mkdirSync(path.dirname(fetched), { recursive: true });
  const draft = mkdtempSync(`${fetched}-`);
  writeFileSync(path.join(draft, "package.json"), '{ "private": true }\n');
  const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-save", "--loglevel=error"];
  await promisify(execFile)("npm", ["install", published, ...flags, "--prefix", draft]);
  try {
    renameSync(draft, fetched);
  } catch (error) {
    rmSync(draft, { recursive: true });
    // Somebody else was faster.
    if (!existsSync(path.join(sources, "src/index.ts"))) throw error;
  }
}

/** Its TypeScript files, each weighing what it is long, and what they import of each other, as the compiler resolves it. */
export async function rxjsTies(): Promise<{
  readonly files: readonly WorkFile[];
  readonly ties: readonly Tie[];
}> {
  const all = await rxjsFiles();
  const paths = Object.keys(all).filter((name) => name.endsWith(".ts"));
  const options = { moduleResolution: ts.ModuleResolutionKind.Node10 };
  const host: ts.ModuleResolutionHost = {
    fileExists: (name) => Object.hasOwn(all, name.slice(1)),
    readFile: (name) => all[name.slice(1)],
    directoryExists: () => true,
  };
  const ties = paths.flatMap((from) =>
    ts.preProcessFile(all[from] ?? "").importedFiles.flatMap(({ fileName }): Tie[] => {
      const found = ts.resolveModuleName(fileName, `/${from}`, options, host).resolvedModule;
      const to = found?.resolvedFileName.slice(1);
      return to === undefined ? [] : [{ from, to, kind: "import" }];
    }),
  );
  return { files: paths.map((name) => ({ path: name, work: (all[name] ?? "").length })), ties };
}
