/** What zod says of a value, in our words: the path of the key, the nearest right name. */
import * as z from "zod";
import { unreachable } from "../core/failure.ts";
import { nearestName } from "../core/nearest.ts";
import { fieldOf, type Problem } from "../core/problem.ts";

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** Every problem of `value` against `schema`; `at` is where the value lies in its file. */
export function schemaProblems(
  schema: z.ZodType,
  value: unknown,
  error: z.ZodError,
  at: Path = [],
): readonly Problem[] {
  return error.issues.flatMap((issue) => problemsOf(issue, { schema, value, at }));
}

interface Place {
  readonly schema: z.ZodType;
  readonly value: unknown;
  readonly at: Path;
}

function problemsOf(issue: Issue, place: Place, above: Path = []): readonly Problem[] {
  const path = [...above, ...issue.path];
  const field = fieldOf([...place.at, ...path]);
  switch (issue.code) {
    case "unrecognized_keys":
      return unknownKeys(issue.keys, path, place);
    case "invalid_union":
      return unionProblems(issue, place, path);
    case "invalid_value":
      return [choiceProblem(field, issue.values.map(String), valueAt(place.value, path))];
    case "invalid_type":
      return [{ field, message: typeMessage(issue.expected, valueAt(place.value, path)) }];
    case "invalid_key":
    case "invalid_element":
      return issue.issues.flatMap((inner) => problemsOf({ ...inner, path: [] }, place, path));
    case "too_big":
    case "too_small":
    case "invalid_format":
    case "not_multiple_of":
    case "custom":
      return [{ field, message: issue.message }];
    default:
      return unreachable(issue);
  }
}

const keysToldMax = 20;

function unknownKeys(keys: readonly string[], path: Path, place: Place): readonly Problem[] {
  const problems = keys.slice(0, keysToldMax).map((key) => unknownKey(key, path, place));
  const rest = keys.length - problems.length;
  if (rest > 0) {
    const field = fieldOf([...place.at, ...path]);
    problems.push({ field, message: `has ${rest} more keys that there are not` });
  }
  return problems;
}

function unknownKey(key: string, path: Path, place: Place): Problem {
  const schema = describedBy(place.schema);
  const near = nearestName(key, keysAt(schema, path)) ?? placeOf(schema, key);
  return {
    field: fieldOf([...place.at, ...path, key]),
    message: "there is no such key",
    ...(near === undefined ? {} : { advice: `did you mean ${near}?` }),
  };
}

/** Made once per schema: a plan may have a wrong key in each of 100,000 units. */
const described = new WeakMap<z.ZodType, Described>();

function describedBy(schema: z.ZodType): Described {
  const known = described.get(schema);
  if (known) return known;
  const made = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Described;
  described.set(schema, made);
  return made;
}

interface Described {
  readonly properties?: Readonly<Record<string, Described>>;
  readonly additionalProperties?: Described | boolean;
  readonly items?: Described;
  readonly anyOf?: readonly Described[];
  readonly oneOf?: readonly Described[];
}

/** The keys that may stand at a path. */
function keysAt(root: Described, path: Path): readonly string[] {
  let here = variants(root);
  for (const part of path) {
    here = here.flatMap((one) => {
      const next = typeof part === "number" ? one.items : inner(one, String(part));
      return next === undefined ? [] : variants(next);
    });
  }
  return [...new Set(here.flatMap((one) => Object.keys(one.properties ?? {})))];
}

function inner(one: Described, key: string): Described | undefined {
  const { properties = {}, additionalProperties: rest } = one;
  if (Object.hasOwn(properties, key)) return properties[key];
  return typeof rest === "object" ? rest : undefined;
}

function variants(one: Described): readonly Described[] {
  const choices = [...(one.anyOf ?? []), ...(one.oneOf ?? [])];
  return choices.length === 0 ? [one] : choices.flatMap(variants);
}

/** Where a key stands that was written at the wrong place, such as `limits.concurrency`. */
function placeOf(root: Described, key: string): string | undefined {
  for (const [above, one] of Object.entries(root.properties ?? {})) {
    if (Object.hasOwn(one.properties ?? {}, key)) return `${above}.${key}`;
  }
  return undefined;
}

function unionProblems(
  issue: Extract<Issue, { code: "invalid_union" }>,
  place: Place,
  path: Path,
): readonly Problem[] {
  const field = fieldOf([...place.at, ...path]);
  const options = (issue as { readonly options?: readonly unknown[] }).options;
  if (options) return [choiceProblem(field, options.map(String), valueAt(place.value, path))];
  const isTypeOnly = (issues: readonly Issue[]) =>
    issues.every((one) => one.code === "invalid_type" && one.path.length === 0);
  const meant = issue.errors.find((issues) => !isTypeOnly(issues));
  if (meant) return meant.flatMap((one) => problemsOf(one, place, path));
  const expected = issue.errors
    .flat()
    .map((one) => ("expected" in one ? String(one.expected) : ""));
  const value = valueAt(place.value, path);
  return [{ field, message: typeMessage(expected.map(typeName).join(" or "), value) }];
}

function choiceProblem(field: string, choices: readonly string[], value: unknown): Problem {
  if (value === undefined) return { field, message: "is missing" };
  const near = typeof value === "string" ? nearestName(value, choices) : undefined;
  return {
    field,
    message: `must be ${choices.join(", ").replace(/, ([^,]*)$/, " or $1")}, not ${shown(value)}`,
    ...(near === undefined ? {} : { advice: `did you mean ${near}?` }),
  };
}

function typeMessage(expected: string, value: unknown): string {
  if (value === undefined) return "is missing";
  return `must be ${typeName(expected)}, not ${shown(value)}`;
}

const typeNames: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
};

function typeName(expected: string): string {
  return typeNames[expected] ?? expected;
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "an object";
  const said = JSON.stringify(value);
  return said.length > 60 ? `${said.slice(0, 50)}…"` : said;
}

function valueAt(value: unknown, path: Path): unknown {
  let here = value;
  for (const part of path) {
    if (typeof here !== "object" || here === null || !Object.hasOwn(here, part)) return undefined;
    here = (here as Record<PropertyKey, unknown>)[part];
  }
  return here;
}
