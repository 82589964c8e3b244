/** What a rule's matching part may say: keys, shapes, and whether it says which kinds of node it means. */
import { nearestName } from "./codemod-spelling.ts";

type Values = Readonly<Record<string, unknown>>;

const ruleKeys = [
  ..."pattern kind regex nthChild range inside has precedes follows all any not matches".split(" "),
];
const relationKeys = [...ruleKeys, "stopBy", "field"];
const relations = ["inside", "has", "precedes", "follows"];
const depthMax = 100;

export function isObject(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The names of all meta variables that some text within a value mentions. */
export function variablesIn(value: unknown): Set<string> {
  const names = new Set<string>();
  collectVariables(value, names, 0);
  return names;
}

function collectVariables(value: unknown, names: Set<string>, depth: number): void {
  if (depth > depthMax) return;
  if (typeof value === "string") {
    for (const found of value.matchAll(/\$+([A-Z_0-9]+)/g)) names.add(found[1] ?? "");
  } else if (Array.isArray(value)) {
    for (const entry of value) collectVariables(entry, names, depth + 1);
  } else if (isObject(value)) {
    for (const entry of Object.values(value)) collectVariables(entry, names, depth + 1);
  }
}

/** The problems of `rule`, `constraints`, `utils` and `transform`. An expansion is a rule with a `stopBy` and no need to
 *  name kinds. */
export function matcherProblems(value: Values, options?: { readonly expansion: true }): string[] {
  const rule = value["rule"];
  if (!isObject(rule)) return ["`rule` must say what to match"];
  const utils = isObject(value["utils"]) ? value["utils"] : {};
  const problems = [
    ...keyProblems(rule, "rule", options ? relationKeys : ruleKeys, 0),
    ...partProblems(value, "constraints"),
    ...partProblems(value, "utils"),
    ...("transform" in value && !isObject(value["transform"])
      ? ["`transform` must be a mapping of names"]
      : []),
  ];
  if (problems.length > 0 || options) return problems;
  return saysKinds(rule, utils, 0)
    ? []
    : ["the rule does not say which kinds of node it matches; add `kind` or a `pattern`"];
}

function partProblems(value: Values, part: string): string[] {
  const entries = value[part];
  if (entries === undefined || entries === null) return [];
  if (!isObject(entries)) return [`\`${part}\` must be a mapping of names to rules`];
  return Object.entries(entries).flatMap(([name, rule]) =>
    isObject(rule)
      ? keyProblems(rule, `${part}.${name}`, ruleKeys, 0)
      : [`\`${part}.${name}\` must be a rule`],
  );
}

function keyProblems(rule: Values, place: string, known: readonly string[], depth: number) {
  if (depth > depthMax) return [`${place} is nested too deeply`];
  return Object.entries(rule).flatMap(([key, value]): string[] => {
    if (known.includes(key)) return nestedProblems(key, value, `${place}.${key}`, depth + 1);
    const near = nearestName(key, known);
    return [`unknown key \`${key}\` in ${place}${near ? `; did you mean \`${near}\`?` : ""}`];
  });
}

function nestedProblems(key: string, value: unknown, place: string, depth: number): string[] {
  if (relations.includes(key)) {
    return isObject(value)
      ? keyProblems(value, place, relationKeys, depth)
      : [`\`${place}\` must be a rule`];
  }
  if (key === "not") {
    return isObject(value)
      ? keyProblems(value, place, ruleKeys, depth)
      : [`\`${place}\` must be a rule`];
  }
  if (key !== "all" && key !== "any") return [];
  if (!Array.isArray(value)) return [`\`${place}\` must be a list of rules`];
  return value.flatMap((entry: unknown, at) =>
    isObject(entry)
      ? keyProblems(entry, `${place}[${at}]`, ruleKeys, depth)
      : [`\`${place}[${at}]\` must be a rule`],
  );
}

/** ast-grep's program refuses a rule that could match nodes of any kind (its library would match even the whole file). */
function saysKinds(rule: Values, utils: Values, depth: number): boolean {
  if (depth > depthMax) return false;
  const { kind, pattern, all, any, matches } = rule as Record<string, unknown>;
  if (typeof kind === "string") return true;
  if (pattern !== undefined && !/^\$+[A-Z_][A-Z0-9_]*$/.test(String(pattern).trim())) return true;
  const says = (entry: unknown) => isObject(entry) && saysKinds(entry, utils, depth + 1);
  if (Array.isArray(all) && all.some(says)) return true;
  if (Array.isArray(any) && any.length > 0 && any.every(says)) return true;
  if (matches === undefined) return false;
  // A parameterised utility is judged by ast-grep itself.
  return typeof matches === "string" ? says(utils[matches]) : true;
}
