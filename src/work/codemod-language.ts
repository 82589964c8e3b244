/** The languages a rule may name: those built into ast-grep's library, and those that come as packages of their own. */

export interface RuleLanguage {
  /** As ast-grep's library calls it. */
  readonly name: string;
  /** Of the files a rule in this language looks at, with the dot. */
  readonly extensions: readonly string[];
  readonly aliases: readonly string[];
  /** Where it is not built in: the package that brings its parser. */
  readonly package?: string;
}

export const builtInLanguages: readonly RuleLanguage[] = [
  { name: "TypeScript", aliases: ["ts"], extensions: [".ts", ".cts", ".mts"] },
  { name: "Tsx", aliases: [], extensions: [".tsx"] },
  { name: "JavaScript", aliases: ["js", "jsx"], extensions: [".js", ".cjs", ".mjs", ".jsx"] },
  { name: "Html", aliases: [], extensions: [".html", ".htm", ".xhtml"] },
  { name: "Css", aliases: [], extensions: [".css", ".scss"] },
];

const packaged: readonly (readonly [name: string, ...aliases: string[]])[] = [
  ["bash", "sh"],
  ["c"],
  ["cpp", "c++", "cc", "cxx"],
  ["csharp", "cs"],
  ["dart"],
  ["elixir", "ex"],
  ["go", "golang"],
  ["haskell", "hs"],
  ["java"],
  ["json"],
  ["kotlin", "kt"],
  ["lua"],
  ["markdown", "md"],
  ["php"],
  ["python", "py"],
  ["ruby", "rb"],
  ["rust", "rs"],
  ["scala"],
  ["sql"],
  ["swift"],
  ["toml"],
  ["yaml", "yml"],
];

/** The extensions of a packaged language are told by its package. */
export const packagedLanguages: readonly RuleLanguage[] = packaged.map(([name, ...aliases]) => ({
  name,
  aliases,
  extensions: [],
  package: `@ast-grep/lang-${name}`,
}));

export const ruleLanguages: readonly RuleLanguage[] = [...builtInLanguages, ...packagedLanguages];

/** Languages are named as ast-grep's rule files do: in any case, or by an alias. */
export function languageCalled(name: string): RuleLanguage | undefined {
  const wanted = name.toLowerCase();
  return ruleLanguages.find(
    (language) => language.name.toLowerCase() === wanted || language.aliases.includes(wanted),
  );
}
