/** What a blob says by itself, whatever its path and its neighbours: that is what is cached, and what the parsing children answer.
 *  The way it is read (its dialect) belongs to the key: the same bytes may be two things. */
import { type ImportKind, languageOf } from "../core/survey.ts";

export type ModuleDialect = "ts" | "dts" | "tsx" | "js" | "jsx";

export type Grammar = "python" | "go" | "rust" | "java";

export type Dialect =
  | ModuleDialect
  | Grammar
  /** Files whose text is needed to find what an import means; of JSON only some are. */
  | "settings"
  | "json"
  | "plain";

export interface BlobFacts {
  readonly kind: "text" | "binary" | "not_utf8" | "unparsable";
  /** Why it is unparsable, in a line. */
  readonly why?: string;
  /** The line of its head that says that a program made it. */
  readonly generated?: string;
  readonly imports?: readonly ImportFact[];
  readonly offers?: readonly string[];
  /** The package that it declares to be in (Go, Java). */
  readonly space?: string;
  /** Names that it uses without importing them: of its neighbours in the same package (Go, Java). */
  readonly uses?: readonly string[];
  /** Of settings that matter, the whole. */
  readonly text?: string;
  /** The parser of its language is not here: nothing else is known, and the answer is not kept. */
  readonly unread?: true;
}

export interface ImportFact {
  readonly kind: ImportKind;
  /** As written, in the language's own way. */
  readonly specifier: string;
  /** What is used of it; `*` for all. */
  readonly names: readonly string[];
}

const settingsNames: ReadonlySet<string> = new Set([
  "pnpm-workspace.yaml",
  "go.mod",
  "Cargo.toml",
  ".gitattributes",
]);

export function dialectOf(path: string): Dialect {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const language = languageOf(path);
  if (language === "typescript" && /\.d\.[mc]?ts$/.test(name)) return "dts";
  if (language === "typescript") return name.endsWith("x") ? "tsx" : "ts";
  if (language === "javascript") return name.endsWith("x") ? "jsx" : "js";
  if (language !== undefined) return language;
  if (name.endsWith(".json")) return "json";
  return settingsNames.has(name) ? "settings" : "plain";
}
