/** The sources of rxjs 7.8.2 as published, fetched once to where the quickstart keeps them too. */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";

const fetched = path.resolve(import.meta.dirname, "../../.pleach-quickstart/fetched");
const published = "rxjs@7.8.2";
const sources = path.join(fetched, "node_modules/rxjs");

/** Every file below `src` by its path from the root, with what a check of its types needs. */
export async function rxjsFiles(): Promise<Readonly<Record<string, string>>> {
  if (!existsSync(path.join(sources, "src/index.ts"))) {
    mkdirSync(fetched, { recursive: true });
    writeFileSync(path.join(fetched, "package.json"), '{ "private": true }\n');
    const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-save", "--loglevel=error"];
    await promisify(execFile)("npm", ["install", published, ...flags, "--prefix", fetched]);
  }
  const below = readdirSync(path.join(sources, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(sources, path.join(entry.parentPath, entry.name)));
  const names = [...below, "tsconfig.json", "package.json"].sort();
  return Object.fromEntries(
    names.map((name) => [name, readFileSync(path.join(sources, name), "utf8")]),
  );
}
