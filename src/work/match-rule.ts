/** The rules by which a match of ast-grep is looked for; a pattern is a rule in each of its languages. Looks at the text alone. */
import type { Match } from "../core/match.ts";
import { parseMatchRules, type Rule, type RuleFile } from "./codemod-rule.ts";

export function rulesOfMatch(match: Exclude<Match, { type: "regex" }>): RuleFile<Rule> {
  if (match.type === "rule") return parseMatchRules(match.text, match.name);
  const { pattern, languages } = match;
  const rules = languages.map((language) => ({ id: "match", language, rule: { pattern } }));
  return parseMatchRules(rules.map((rule) => JSON.stringify(rule)).join("\n---\n"), "the pattern");
}
