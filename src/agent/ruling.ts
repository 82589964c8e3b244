/** Whether an agent may make a call: what the policy says, and the bounds of its own role. */
import { decide, type PolicyRule } from "../core/policy.ts";
import type { Role } from "../core/role.ts";
import type { Ruling, Surroundings } from "./surroundings.ts";

/** The configuration's rules, and what the role's own shell is for. */
export function rulingOf(
  policy: readonly PolicyRule[],
  { role, tool, given }: Parameters<Surroundings["decide"]>[0],
): Ruling {
  const own: readonly PolicyRule[] =
    role.shell === undefined
      ? []
      : [{ role: "*", tool: "shell", except: role.shell, decision: "deny", why: shellOf(role) }];
  const decided = decide([...policy, ...own], role.name, tool, commandOf(given));
  const why = decided.rule?.why ?? wordsOf(decided.rule);
  return { decision: decided.decision, ...(why === undefined ? {} : { why }) };
}

/** Without it an agent would take the whole tool for forbidden. What cannot be read with certainty may be what it is about. */
function wordsOf(rule: PolicyRule | undefined): string | undefined {
  if (rule?.prefix === undefined) return undefined;
  return `it is, or may be, ${JSON.stringify(rule.prefix.join(" "))}; other commands are not meant`;
}

function shellOf({ name, shell = [] }: Role): string {
  const commands = shell.map((words) => words.join(" ")).join(", ");
  return `the shell of a ${name} runs only ${commands}, and redirects into no file`;
}

function commandOf(given: unknown): string | undefined {
  if (typeof given !== "object" || given === null || !("command" in given)) return undefined;
  return typeof given.command === "string" ? given.command : undefined;
}
