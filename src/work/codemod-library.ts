/** ast-grep's library, loaded only in the codemods' own child processes: it would make the orchestrating process larger and
 *  each spawn of it slower. Languages that are not built in come from packages installed beside Pleach, never from the
 *  repository: their parsers are native code. */
import { createRequire } from "node:module";
import type * as AstGrep from "@ast-grep/napi";
import type { DynamicLangRegistrations, SgNode } from "@ast-grep/napi";
import { messageOf } from "../core/failure.ts";
import { builtInLanguages, languageCalled, type RuleLanguage } from "./codemod-language.ts";

export type SyntaxNode = SgNode;

export interface SyntaxLibrary {
  parse(language: string, source: string): SyntaxNode;
  /** The language of a file among those that were asked for. */
  languageOf(path: string): string | undefined;
  /** Of the files that are in one of these languages, with the dot. */
  extensionsOf(languages: readonly string[]): readonly string[];
}

export type LibraryAnswer =
  | { readonly type: "library"; readonly library: SyntaxLibrary }
  | { readonly type: "problems"; readonly problems: readonly string[] };

/** Can be called once per process, because languages can be registered only once. */
export function loadLibrary(names: readonly string[]): LibraryAnswer {
  const require = createRequire(import.meta.url);
  const napi = require("@ast-grep/napi") as typeof AstGrep;
  const registrations: DynamicLangRegistrations = {};
  const languages: RuleLanguage[] = [...builtInLanguages];
  const problems: string[] = [];
  for (const name of new Set(names)) {
    const language = languageCalled(name);
    if (language?.package === undefined) continue;
    try {
      const registration = packageRegistration(require(language.package));
      registrations[name] = registration;
      languages.push({
        ...language,
        extensions: registration.extensions.map((extension) => `.${extension}`),
      });
    } catch (error) {
      problems.push(missing(language.package, name, error));
    }
  }
  if (problems.length > 0) return { type: "problems", problems };
  if (Object.keys(registrations).length > 0) napi.registerDynamicLanguage(registrations);
  const byExtension = new Map(
    languages.flatMap(({ name, extensions }) => extensions.map((ending) => [ending, name])),
  );
  return {
    type: "library",
    library: {
      parse: (language, source) => napi.parse(language, source).root(),
      extensionsOf: (wanted) =>
        [...byExtension].flatMap(([ending, name]) => (wanted.includes(name) ? [ending] : [])),
      languageOf: (path) => byExtension.get(path.slice(path.lastIndexOf(".")).toLowerCase()),
    },
  };
}

function packageRegistration(loaded: unknown): DynamicLangRegistrations[string] {
  const registration =
    typeof loaded === "object" && loaded !== null && "default" in loaded ? loaded.default : loaded;
  return registration as DynamicLangRegistrations[string];
}

function missing(packageName: string, language: string, error: unknown): string {
  const said = messageOf(error).split("\n")[0];
  return `language \`${language}\` needs the package ${packageName} installed beside pleach (npm install ${packageName}): ${said}`;
}
