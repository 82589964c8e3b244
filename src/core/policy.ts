/** Policy: which tools an agent of a role may use. The strictest rule that fits wins; where none fits, a tool may be used. */
import type { ToolName } from "./role.ts";
import { programName, type ShellWord, type SimpleCommand } from "./shell-command.ts";
import { readShell, type ShellReading } from "./shell-words.ts";

export type Decision = "allow" | "ask" | "deny";

export interface PolicyRule {
  /** `*` for every role. */
  readonly role: string;
  /** `*` for every tool. */
  readonly tool: ToolName | "*";
  /** Of `shell`: the first words of a simple command. */
  readonly prefix?: readonly string[];
  /** Of `shell`: the rule is for all commands but those that begin so, and write no file by redirection. */
  readonly except?: readonly (readonly string[])[];
  readonly decision: Decision;
  readonly why?: string;
}

export interface Decided {
  readonly decision: Decision;
  /** Absent where no rule fits. */
  readonly rule?: PolicyRule;
}

const strictness = { allow: 0, ask: 1, deny: 2 } as const;

/** Of `shell` without a command: what holds for all of its commands. */
export function decide(
  rules: readonly PolicyRule[],
  role: string,
  tool: ToolName,
  shellCommand?: string,
): Decided {
  const meant = rules.filter(
    (rule) =>
      (rule.role === "*" || rule.role === role) && (rule.tool === "*" || rule.tool === tool),
  );
  const reading = shellCommand === undefined ? undefined : readShell(shellCommand);
  const strictest = meant
    .filter((rule) => fits(rule, reading))
    .reduce<PolicyRule | undefined>(
      (found, rule) =>
        found !== undefined && strictness[found.decision] >= strictness[rule.decision]
          ? found
          : rule,
      undefined,
    );
  if (strictest === undefined) return { decision: "allow" };
  return { decision: strictest.decision, rule: strictest };
}

/** Whether the rule, taken alone, is about this command. What cannot be read with certainty is what every rule but one that
 *  allows is about. */
export function fitsCommand(rule: PolicyRule, shellCommand: string): boolean {
  return fits(rule, readShell(shellCommand));
}

function fits(rule: PolicyRule, reading: ShellReading | undefined): boolean {
  const { prefix, except } = rule;
  if (prefix === undefined && except === undefined) return true;
  if (reading === undefined) return false;
  if (reading.type === "unclear") return rule.decision !== "allow";
  if (rule.decision === "allow") {
    return reading.commands.every((command) => isMeant(rule, command));
  }
  return reading.commands.some((command) => isMeant(rule, command));
}

function isMeant({ prefix, except = [], decision }: PolicyRule, command: SimpleCommand): boolean {
  const isExcepted =
    !command.writes &&
    !command.isRaised &&
    except.some((words) => beginsExactly(command.words, words));
  if (isExcepted) return false;
  if (prefix === undefined) return true;
  if (decision === "allow") return beginsExactly(command.words, prefix);
  return command.forms.some((form) => mayBegin(form, prefix));
}

function beginsExactly(words: readonly ShellWord[], prefix: readonly string[]): boolean {
  return prefix.every((text, at) => {
    const word = words[at];
    return word?.isCertain === true && word.text === text;
  });
}

/** Whether a command might be what the prefix means: a variable may stand for any word, a program may be named by its path,
 *  and after an option nobody knows which words are its values. */
function mayBegin(words: readonly ShellWord[], prefix: readonly string[]): boolean {
  const [program, ...args] = words;
  const [named, ...rest] = prefix;
  if (program === undefined || named === undefined) return prefix.length === 0;
  if (program.text !== named && programName(program) !== named) return false;
  const hasOptionFirst = args[0]?.text.startsWith("-") === true && !rest[0]?.startsWith("-");
  return hasOptionFirst ? mayHold(args, rest) : mayBeginAt(args, rest);
}

function mayBeginAt(args: readonly ShellWord[], rest: readonly string[]): boolean {
  for (const [at, text] of rest.entries()) {
    const word = args[at];
    // It may also stand for no word, or for several.
    if (word?.isCertain === false) return true;
    if (word?.text !== text) return false;
  }
  return true;
}

/** In this order, with anything between. */
function mayHold(args: readonly ShellWord[], rest: readonly string[]): boolean {
  if (args.some((word) => !word.isCertain)) return true;
  let at = -1;
  return rest.every((text) => {
    at = args.findIndex((word, position) => position > at && word.text === text);
    return at >= 0;
  });
}
