/** What the config says of the tools of agents, by role: which are allowed, asked for and denied. Rules carry examples, which
 *  are tried when the config is read: a rule that does not do what its author thinks is an error, not a surprise. */
import * as z from "zod";
import { nearestName } from "../core/nearest.ts";
import { type Decision, fitsCommand, type PolicyRule } from "../core/policy.ts";
import { shown } from "../core/problem.ts";
import { toolNamed, toolNamesKnown } from "../core/tool-name.ts";

export const decisions = ["allow", "ask", "deny"] as const satisfies readonly Decision[];

const word = z
  .string()
  .min(1, "must not be empty")
  .max(1000, "is longer than 1000 characters")
  .regex(/^[^\0]*$/, "holds a NUL character");
const words = z.array(word).min(1, "must not be empty").max(100, "must have at most 100 words");
const examples = z.array(word).max(100, "must have at most 100 examples");

const ruleObject = z.strictObject({
  tool: word.describe("A tool, or * for all"),
  prefix: words.optional().describe("Of shell: the first words of a command"),
  except: z
    .array(words)
    .min(1, "must not be empty")
    .max(200, "must have at most 200 commands")
    .optional()
    .describe("Of shell: commands, by their first words, that the rule is not about"),
  why: word.optional().describe("Said to the agent and to whoever is asked"),
  match: examples.optional().describe("Commands that the rule must be about"),
  notMatch: examples.optional().describe("Commands that it must not be about"),
});

/** A rule without its role; examples have done their part. */
export type ToolRule = Omit<PolicyRule, "role" | "decision">;
type SaidRule = z.output<typeof ruleObject>;

function ruleFor(decision: Decision) {
  return z.union([word, ruleObject]).transform((said, context): ToolRule => {
    const rule = typeof said === "string" ? fromText(said) : fromObject(said);
    const wrong = "message" in rule ? [rule] : exampleProblems(said, { ...rule, decision });
    for (const { message, path = [] } of wrong) {
      context.addIssue({ code: "custom", message, path: [...path] });
    }
    return "message" in rule ? z.NEVER : rule;
  });
}

const rules = (decision: Decision) =>
  z.array(ruleFor(decision)).max(1000, "must have at most 1000 rules").optional();

/** The rules of one role. */
export const toolRules = z.strictObject({
  allow: rules("allow"),
  ask: rules("ask"),
  deny: rules("deny").describe("Tools such as write, and commands such as shell(git push)"),
});

export type RoleRules = Readonly<z.output<typeof toolRules>>;

export function policyOf(tools: Readonly<Record<string, RoleRules>>): readonly PolicyRule[] {
  return Object.entries(tools).flatMap(([role, said]) =>
    decisions.flatMap((decision) =>
      (said[decision] ?? []).map((rule): PolicyRule => ({ role, ...rule, decision })),
    ),
  );
}

/** Such as `write`, `shell(git push)`. */
export function ruleText({ tool, prefix, except }: ToolRule): string {
  const start = prefix === undefined ? "" : `(${prefix.join(" ")})`;
  const but = (except ?? []).map((one) => one.join(" ")).join(", ");
  return `${tool}${start}${but === "" ? "" : ` except ${but}`}`;
}

interface Wrong {
  readonly message: string;
  readonly path?: readonly (string | number)[];
}

/** `write`, `shell(git push)`, or as others write it, `Bash(git push:*)`. */
function fromText(said: string): ToolRule | Wrong {
  const [, name = "", inside] = /^\s*([^()\s]+)\s*(?:\((.*)\))?\s*$/s.exec(said) ?? [];
  if (name === "") return { message: `${shown(said)} is no rule such as write or shell(git push)` };
  const rule = toolOf(name);
  if (inside === undefined || "message" in rule) return rule;
  if (rule.tool !== "shell") return { message: `( ) is for commands of shell, not for ${name}` };
  const rest = inside.replace(/:\*$|(?:^|\s)\*$/, "").trim();
  if (/["'\\$`;&|<>()*?]/.test(rest)) {
    return { message: `${shown(said)} is not plain: write { "tool": "shell", "prefix": [ … ] }` };
  }
  return rest === "" ? rule : { ...rule, prefix: rest.split(/\s+/) };
}

function fromObject({ tool, prefix, except, why, match, notMatch }: SaidRule): ToolRule | Wrong {
  const rule = toolOf(tool);
  if ("message" in rule) return { ...rule, path: ["tool"] };
  const ofShell = { prefix, except, match, notMatch };
  if (rule.tool !== "shell") {
    const key = Object.entries(ofShell).find(([, value]) => value !== undefined)?.[0];
    if (key !== undefined) return { message: `is for shell alone, not for ${tool}`, path: [key] };
  }
  return {
    ...rule,
    ...(prefix === undefined ? {} : { prefix }),
    ...(except === undefined ? {} : { except }),
    ...(why === undefined ? {} : { why }),
  };
}

function toolOf(name: string): Pick<ToolRule, "tool"> | Wrong {
  if (name === "*") return { tool: "*" };
  const tool = toolNamed(name);
  if (tool !== undefined) return { tool };
  const near = nearestName(name, toolNamesKnown);
  const advice = near === undefined ? "" : `: did you mean ${toolNamed(near)}?`;
  return { message: `there is no tool ${shown(name)}${advice}` };
}

function exampleProblems(
  said: string | SaidRule,
  rule: ToolRule & Pick<PolicyRule, "decision">,
): readonly Wrong[] {
  if (typeof said === "string") return [];
  const isAbout = (command: string) => fitsCommand({ role: "*", ...rule }, command);
  const missed = (said.match ?? []).flatMap((command, at) =>
    isAbout(command)
      ? []
      : [{ path: ["match", at], message: `the rule is not about ${shown(command)}` }],
  );
  const caught = (said.notMatch ?? []).flatMap((command, at) =>
    isAbout(command)
      ? [{ path: ["notMatch", at], message: `the rule is about ${shown(command)} too` }]
      : [],
  );
  return [...missed, ...caught];
}
