/** Python, Go, Rust and Java through ast-grep's grammars: native code in packages of their own, which an installation may lack.
 *  Then it is said that the language goes unread, and nothing fails. */
import { createRequire } from "node:module";
import type * as AstGrep from "@ast-grep/napi";
import type { DynamicLangRegistrations, SgNode } from "@ast-grep/napi";
import type { BlobFacts, Grammar } from "../blob-facts.ts";
import { readGo } from "./go.ts";
import { readJava } from "./java.ts";
import { readPython } from "./python.ts";
import { readRust } from "./rust.ts";

const readers: Readonly<Record<Grammar, (root: SgNode) => Partial<BlobFacts>>> = {
  python: readPython,
  go: readGo,
  rust: readRust,
  java: readJava,
};

/** A tree takes some sixty times the memory of its text, outside of what V8 counts. */
const parsedCharactersMax = 500_000;
let parsedCharacters = 0;
let loaded: Library | undefined;

interface Library {
  readonly napi: typeof AstGrep;
  readonly grammars: ReadonlySet<string>;
}

export async function readGrammar(text: string, grammar: Grammar): Promise<Partial<BlobFacts>> {
  loaded ??= loadLibrary();
  if (!loaded.grammars.has(grammar)) return { unread: true };
  const root = loaded.napi.parse(grammar, text).root();
  const facts = readers[grammar](root);
  // A tree with a hole in it still tells its other imports.
  const why = hole(root);
  await forgetTrees(text.length);
  return why === undefined ? facts : { ...facts, kind: "unparsable", why };
}

/** Languages can be registered only once in a process: all that are here. */
function loadLibrary(): Library {
  const require = createRequire(import.meta.url);
  const napi = require("@ast-grep/napi") as typeof AstGrep;
  const registrations: DynamicLangRegistrations = {};
  for (const grammar of Object.keys(readers)) {
    const registration = registrationOf(require, `@ast-grep/lang-${grammar}`);
    if (registration !== undefined) registrations[grammar] = registration;
  }
  if (Object.keys(registrations).length > 0) napi.registerDynamicLanguage(registrations);
  return { napi, grammars: new Set(Object.keys(registrations)) };
}

function registrationOf(
  require: NodeJS.Require,
  name: string,
): DynamicLangRegistrations[string] | undefined {
  try {
    const registration = require(name) as DynamicLangRegistrations[string];
    // Where its parser lies is asked here, so that a package without one counts as none.
    return registration.libraryPath === "" ? undefined : registration;
  } catch {
    // Whatever is wrong with an optional package, its language goes unread.
    return undefined;
  }
}

function hole(root: SgNode): string | undefined {
  const error = root.find({ rule: { kind: "ERROR" } });
  if (error === null) return undefined;
  return `line ${error.range().start.line + 1} cannot be parsed`;
}

/** Trees are given back only by a collection in a turn of the event loop. */
async function forgetTrees(characters: number): Promise<void> {
  parsedCharacters += characters;
  if (parsedCharacters <= parsedCharactersMax) return;
  parsedCharacters = 0;
  globalThis.gc?.();
  await new Promise((resolve) => setImmediate(resolve));
}
