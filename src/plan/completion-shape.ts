/** The shape of `doneWhen`: commands that must pass, and rules that must find nothing. */
import * as z from "zod";
import { check, defaultCheckTimeoutMs, duration, text } from "../config/schema.ts";
import { schemaProblems } from "../config/schema-problem.ts";
import type { Glob } from "../core/id.ts";
import { type Match, type MatchCheck, patternLanguages } from "../core/match.ts";
import type { Check, Completion } from "../core/plan.ts";
import type { Problem } from "../core/problem.ts";

const matchShape = z
  .strictObject({
    rule: text.optional().describe("The text of an ast-grep rule file"),
    name: text.optional().describe("What the rule is called"),
    pattern: text.optional().describe("A pattern of ast-grep"),
    languages: z.array(text).min(1, "must not be empty").optional(),
    regex: text.optional().describe("A regular expression as JavaScript has it"),
    flags: z.string().optional(),
  })
  .refine(
    ({ rule, pattern, regex }) =>
      [rule, pattern, regex].filter((one) => one !== undefined).length === 1,
    { message: "must have exactly one of rule, pattern and regex" },
  );

const matchCheckShape = z.strictObject({
  name: text,
  match: matchShape,
  files: z.array(text).optional().describe("Where it looks; everywhere if absent"),
  timeout: duration.optional().describe("10m if absent"),
});

/** One by one, so that a wrong one does not hide what is wrong with the others. */
export function decodeCompletions(
  said: readonly unknown[],
  problems: Problem[],
): readonly Completion[] {
  return said.map((value, at): Completion => {
    const place = ["doneWhen", at];
    if (!looksForMatches(value)) {
      const parsed = check.safeParse(value);
      if (parsed.success) return parsed.data as Check;
      problems.push(...schemaProblems(check, value, parsed.error, place));
      return draft(at);
    }
    const parsed = matchCheckShape.safeParse(value);
    if (parsed.success) return matchCheckOf(parsed.data);
    problems.push(...schemaProblems(matchCheckShape, value, parsed.error, place));
    return draft(at);
  });
}

/** As `--out` writes it. */
export function matchCheckSaid({ name, match, files }: MatchCheck): object {
  const where = files.length === 0 ? {} : { files };
  switch (match.type) {
    case "rule":
      return { name, match: { rule: match.text, name: match.name }, ...where };
    case "pattern": {
      const { pattern, languages } = match;
      const usual = languages.join() === patternLanguages.join();
      return { name, match: { pattern, ...(usual ? {} : { languages }) }, ...where };
    }
    case "regex": {
      const { source: regex, flags } = match;
      return { name, match: { regex, ...(flags === "" ? {} : { flags }) }, ...where };
    }
  }
}

/** Keeps the place of one that is wrong, so that the others are called by theirs. */
function draft(at: number): Check {
  return { name: `doneWhen[${at}]`, run: "", timeoutMs: 0 };
}

function looksForMatches(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.hasOwn(value, "match");
}

function matchCheckOf(said: z.output<typeof matchCheckShape>): MatchCheck {
  return {
    name: said.name,
    match: matchOf(said.match),
    files: (said.files ?? []) as readonly string[] as readonly Glob[],
    timeoutMs: said.timeout ?? defaultCheckTimeoutMs,
  };
}

function matchOf({
  rule,
  name,
  pattern,
  languages,
  regex,
  flags,
}: z.output<typeof matchShape>): Match {
  if (rule !== undefined) return { type: "rule", name: name ?? "the rule", text: rule };
  if (pattern !== undefined) {
    return { type: "pattern", pattern, languages: languages ?? patternLanguages };
  }
  return { type: "regex", source: regex ?? "", flags: flags ?? "" };
}
