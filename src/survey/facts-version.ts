/** What made the facts of a cache: our readers, and the parsers that they use. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { ownFolder } from "../host/own-folder.ts";

/** To be raised with every change of what is read from a file. */
const readers = 1;

const parsers = /^(?:es-module-lexer|oxc-parser|@ast-grep\/.*)$/;

export async function factsVersion(): Promise<string> {
  const manifest = JSON.parse(await readFile(path.join(ownFolder, "package.json"), "utf8")) as {
    readonly dependencies?: Readonly<Record<string, string>>;
    readonly optionalDependencies?: Readonly<Record<string, string>>;
  };
  const all = { ...manifest.dependencies, ...manifest.optionalDependencies };
  const used = Object.entries(all).filter(([name]) => parsers.test(name));
  return [readers, ...used.map(([name, version]) => `${name}@${version}`)].join(",");
}
