/** Reads ast-grep rule files: text in, rules or a list of every problem out. It looks only at the text, so that a run can
 *  refuse a wrong rule before it begins; what only a parser can know is asked of codemod-child.ts. It never loads ast-grep. */
import { type Document, parseAllDocuments } from "yaml";
import { languageCalled, ruleLanguages } from "./codemod-language.ts";
import { isObject, matcherProblems, variablesIn } from "./codemod-matcher.ts";
import { nearestName } from "./codemod-spelling.ts";

/** What decides whether a node matches; passed to ast-grep's library as it stands. */
export interface Matcher {
  readonly rule: Readonly<Record<string, unknown>>;
  readonly constraints?: Readonly<Record<string, unknown>>;
  readonly utils?: Readonly<Record<string, unknown>>;
  readonly transform?: Readonly<Record<string, unknown>>;
}

export interface Fix {
  readonly template: string;
  /** Relational rules that let the fix take in siblings before or after the match. */
  readonly expandStart?: Readonly<Record<string, unknown>>;
  readonly expandEnd?: Readonly<Record<string, unknown>>;
}

export interface Rule {
  readonly id: string;
  /** As ast-grep's library calls it. */
  readonly language: string;
  readonly matcher: Matcher;
  readonly files?: readonly RuleGlob[];
  readonly ignores?: readonly RuleGlob[];
}

export interface FixRule extends Rule {
  readonly fix: Fix;
}

export interface RuleGlob {
  readonly glob: string;
  readonly anyCase: boolean;
}

export type RuleFile<T extends Rule> =
  | { readonly type: "rules"; readonly rules: readonly T[] }
  | { readonly type: "problems"; readonly problems: readonly string[] };

const documentsMax = 1000;
const topKeys = [
  ..."id language rule constraints utils transform fix rewriters message note".split(" "),
  ..."severity labels files ignores url metadata".split(" "),
];
const fixKeys = ["template", "expandStart", "expandEnd", "title"];

/** Every problem of a rule file's text; none means that a run may begin. */
export function codemodProblems(text: string, file: string): string[] {
  const read = parseRuleFile(text, file);
  return read.type === "problems" ? [...read.problems] : [];
}

/** The rules of a codemod: each says what a match becomes. */
export function parseRuleFile(text: string, file: string): RuleFile<FixRule> {
  return parseRules(text, file, { problems: fixRuleProblems, make: fixRuleOf });
}

/** The rules of a file that is only matched with: a `fix` may be there, and is not looked at. */
export function parseMatchRules(text: string, file: string): RuleFile<Rule> {
  return parseRules(text, file, { problems: ruleProblems, make: ruleOf });
}

type Values = Readonly<Record<string, unknown>>;

interface Reading<T extends Rule> {
  problems(value: Values): readonly string[];
  make(value: Values): T;
}

/** A rule whose severity is off is left out, as ast-grep does. */
function parseRules<T extends Rule>(text: string, file: string, reading: Reading<T>): RuleFile<T> {
  const documents = parseAllDocuments(text, { uniqueKeys: true, prettyErrors: true });
  const list: readonly Document[] = Array.isArray(documents) ? documents : [];
  if (list.length > documentsMax) {
    return { type: "problems", problems: [`${file}: more than ${documentsMax} rules`] };
  }
  const broken = list.flatMap((document) => document.errors).map((error) => oneLine(error.message));
  if (broken.length > 0) {
    return { type: "problems", problems: broken.map((problem) => `${file}: ${problem}`) };
  }
  const problems: string[] = [];
  const rules: T[] = [];
  for (const [at, document] of list.entries()) {
    const read = readRule(document, `${file}: rule ${at + 1}`, reading);
    if (read.type === "wrong") problems.push(...read.problems);
    else if (read.type === "rule") rules.push(read.rule);
  }
  if (problems.length > 0) return { type: "problems", problems };
  if (rules.length === 0) return { type: "problems", problems: [`${file}: holds no rule`] };
  // ast-grep tries the rules in the order of their ids, whatever their order in the file.
  const ordered = rules.toSorted((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  return { type: "rules", rules: ordered };
}

type RuleRead<T extends Rule> =
  | { readonly type: "none" }
  | { readonly type: "wrong"; readonly problems: readonly string[] }
  | { readonly type: "rule"; readonly rule: T };

function readRule<T extends Rule>(
  document: Document,
  place: string,
  reading: Reading<T>,
): RuleRead<T> {
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    return { type: "wrong", problems: [`${place}: ${oneLine(String(error))}`] };
  }
  if (value === null || value === undefined) return { type: "none" };
  if (!isObject(value)) return { type: "wrong", problems: [`${place} is not a mapping of keys`] };
  const id = value["id"];
  const named = typeof id === "string" && id !== "" ? `${place} (${id})` : place;
  const problems = [
    ...unknownKeys(value, topKeys).map((problem) => `${named}: ${problem}`),
    ...reading.problems(value).map((problem) => `${named}: ${problem}`),
  ];
  if (problems.length > 0) return { type: "wrong", problems };
  if (value["severity"] === "off") return { type: "none" };
  return { type: "rule", rule: reading.make(value) };
}

function fixRuleProblems(value: Values): string[] {
  return [...ruleProblems(value), ...fixProblems(value)];
}

function ruleProblems(value: Values): string[] {
  return [
    ...(typeof value["id"] === "string" && value["id"] !== "" ? [] : ["`id` must be a name"]),
    ...languageProblems(value["language"]),
    ...matcherProblems(value),
    ...globProblems("files", value["files"]),
    ...globProblems("ignores", value["ignores"]),
    ...("rewriters" in value
      ? [
          "`rewriters` are known to ast-grep's program only: make this a `command` codemod that runs `ast-grep scan --update-all`",
        ]
      : []),
  ];
}

function languageProblems(language: unknown): string[] {
  if (typeof language !== "string") return ["`language` must name a language"];
  if (languageCalled(language)) return [];
  const near = nearestName(
    language.toLowerCase(),
    ruleLanguages.flatMap(({ name, aliases }) => [name.toLowerCase(), ...aliases]),
  );
  const names = ruleLanguages.map(({ name }) => name).join(", ");
  return [
    `language \`${language}\` is not known${near ? `; did you mean \`${near}\`?` : ""} (known: ${names})`,
  ];
}

function fixProblems(value: Readonly<Record<string, unknown>>): string[] {
  const fix = firstFix(value["fix"]);
  if (fix === undefined || fix === null) {
    return ["has no `fix`, so it would change nothing; say what a match becomes"];
  }
  if (typeof fix === "string") return undefinedVariables(fix, value);
  if (!isObject(fix) || typeof fix["template"] !== "string") {
    return ["`fix` must be text, or an object with a `template`"];
  }
  const expansions = [fix["expandStart"], fix["expandEnd"]].filter((part) => part !== undefined);
  return [
    ...unknownKeys(fix, fixKeys).map((problem) => `fix: ${problem}`),
    ...expansions.flatMap((expansion) =>
      isObject(expansion)
        ? matcherProblems({ rule: expansion }, { expansion: true }).map((said) => `fix: ${said}`)
        : ["fix: `expandStart` and `expandEnd` are rules"],
    ),
    ...(expansions.some((expansion) => variablesIn(expansion).size > 0)
      ? ["fix: meta variables in `expandStart` and `expandEnd` are not supported"]
      : []),
    ...undefinedVariables(fix["template"], value),
  ];
}

/** A variable that nothing can have captured would silently become nothing; a name that begins with `_` captures nothing. */
function undefinedVariables(template: string, value: Readonly<Record<string, unknown>>): string[] {
  const known = new Set([
    ...variablesIn(value["rule"]),
    ...variablesIn(value["utils"]),
    ...variablesIn(value["constraints"]),
    ...(isObject(value["transform"]) ? Object.keys(value["transform"]) : []),
  ]);
  return [...variablesIn(template)]
    .filter((name) => !known.has(name) || name.startsWith("_"))
    .map((name) => `the fix uses \`$${name}\`, which the rule does not capture`);
}

function globProblems(key: string, value: unknown): string[] {
  if (value === undefined) return [];
  const fine = Array.isArray(value) && value.every((entry) => globOf(entry) !== undefined);
  return fine ? [] : [`\`${key}\` must be a list of globs`];
}

function unknownKeys(value: Readonly<Record<string, unknown>>, known: readonly string[]): string[] {
  return Object.keys(value)
    .filter((key) => !known.includes(key))
    .map((key) => {
      const near = nearestName(key, known);
      return `unknown key \`${key}\`${near ? `; did you mean \`${near}\`?` : ""}`;
    });
}

/** Of several fixes ast-grep applies the first when all are applied at once. */
function firstFix(fix: unknown): unknown {
  return Array.isArray(fix) ? fix[0] : fix;
}

function fixRuleOf(value: Values): FixRule {
  return { ...ruleOf(value), fix: fixOf(firstFix(value["fix"])) };
}

function ruleOf(value: Values): Rule {
  const files = globsOf(value["files"]);
  const ignores = globsOf(value["ignores"]);
  const matcher = {
    ...partOf(value, "rule"),
    ...partOf(value, "constraints"),
    ...partOf(value, "utils"),
    ...partOf(value, "transform"),
  };
  return {
    id: String(value["id"]),
    language: languageCalled(String(value["language"]))?.name ?? "",
    matcher: { rule: {}, ...matcher },
    ...(files ? { files } : {}),
    ...(ignores ? { ignores } : {}),
  };
}

function partOf(value: Readonly<Record<string, unknown>>, key: string) {
  const part = value[key];
  return isObject(part) ? { [key]: part } : {};
}

function fixOf(fix: unknown): Fix {
  if (!isObject(fix)) return { template: String(fix) };
  return {
    template: String(fix["template"]),
    ...partOf(fix, "expandStart"),
    ...partOf(fix, "expandEnd"),
  };
}

function globsOf(value: unknown): readonly RuleGlob[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.map(globOf).filter((glob) => glob !== undefined);
}

function globOf(entry: unknown): RuleGlob | undefined {
  if (typeof entry === "string") return { glob: entry, anyCase: false };
  if (!isObject(entry) || typeof entry["glob"] !== "string") return undefined;
  return { glob: entry["glob"], anyCase: entry["caseInsensitive"] === true };
}

function oneLine(text: string): string {
  return text.split("\n")[0]?.replace(/:$/, "") ?? text;
}
