/** The imports and exports of a TypeScript or JavaScript file. A lexer reads most files, at twenty times the speed of a parser; what
 *  it cannot tell for certain (JSX, `require`, a call of `import`, which may be a type, namespaces) goes to the parser. */
import { type Import, init, parse } from "es-module-lexer";
import type { BlobFacts, ImportFact, ModuleDialect } from "../blob-facts.ts";
import { clauseNames } from "./import-clause.ts";

export type ModuleFacts = Pick<BlobFacts, "imports" | "offers"> &
  Partial<Pick<BlobFacts, "kind" | "why">>;

/** Words after which a lexer's answer may be incomplete; in a comment they cost time and nothing else. */
const needsParser: Readonly<Record<"ts" | "js", RegExp>> = {
  ts: /\brequire\s*[(.]|\bimport\s*(?:\(|\/[/*])|\bdeclare\s+(?:module|global)\b|\b(?:namespace|module)\s+["'\w.$]+["']?\s*\{|\bexport\s*=|\bexport\s+(?:import|as)\b/,
  js: /\brequire\s*[(.]|\bexports\s*[.=[]|<\/|\/>/,
};
const reference = /^[ \t]*\/\/\/\s*<reference\s+path\s*=\s*["']([^"'\n]+)["']/gm;

export async function readModule(text: string, dialect: ModuleDialect): Promise<ModuleFacts> {
  const lexed = await lexedModule(text, dialect);
  const more = references(text);
  if (lexed !== undefined)
    return more.length === 0 ? lexed : { ...lexed, imports: [...(lexed.imports ?? []), ...more] };
  const { parsedModule } = await import("./module-syntax.ts");
  const parsed = parsedModule(text, dialect);
  const imports = [...parsed.imports, ...more];
  if (parsed.why === undefined) return { imports, offers: parsed.offers };
  // What looks like an import is better taken for one than missed.
  return { kind: "unparsable", why: parsed.why, imports: [...imports, ...apparentImports(text)] };
}

/** What a statement names; undefined where a parser must look. */
export async function lexedModule(
  text: string,
  dialect: ModuleDialect,
): Promise<ModuleFacts | undefined> {
  if (dialect === "tsx" || dialect === "jsx") return undefined;
  if (needsParser[dialect === "js" ? "js" : "ts"].test(text)) return undefined;
  await init();
  let read: ReturnType<typeof parse>;
  try {
    read = parse(text);
  } catch {
    // The lexer says only that it is lost; the parser says why.
    return undefined;
  }
  const [found, exported] = read;
  const imports = found.flatMap((one) => importOf(one, text));
  const offers = exported.flatMap((one) => (one.type === "reexport-all" ? [] : one.name));
  return { imports, offers };
}

function importOf(found: Import, text: string): ImportFact | readonly [] {
  if (found.type === "import-meta") return [];
  if (found.type === "dynamic") {
    const { specifier, glob } = found;
    return specifier === undefined || glob ? [] : { kind: "dynamic", specifier, names: ["*"] };
  }
  const { names, typeOnly } = clauseNames(text.slice(found.importStart, found.start));
  const passesOn = text.startsWith("export", found.importStart);
  const kind = found.typeOnly || typeOnly ? "type" : passesOn ? "re-export" : "static";
  return { kind, specifier: found.specifier, names };
}

function references(text: string): ImportFact[] {
  if (!text.includes("<reference")) return [];
  return [...text.matchAll(reference)].map(([, path = ""]) => ({
    kind: "type",
    specifier: path.startsWith(".") ? path : `./${path}`,
    names: ["*"],
  }));
}

const apparent =
  /\b(?:from|import|require\s*\(|import\s*\()\s*(?:"([^"\n]{1,300})"|'([^'\n]{1,300})')/g;

function apparentImports(text: string): ImportFact[] {
  return [...text.matchAll(apparent)].map(([, double, single]) => ({
    kind: "static",
    specifier: double ?? single ?? "",
    names: ["*"],
  }));
}
