/** The flags from which a plan and a run are made, and the request they add up to. */
import path from "node:path";
import { type Command, Option } from "commander";
import type { RunRequest, Where } from "./doors.ts";
import { usage } from "./failure.ts";
import {
  durationMs,
  positiveAmount,
  positiveInteger,
  repeated,
  revisionText,
  someText,
  wholeNumber,
} from "./flag-value.ts";

/** What `plan` and `run` share. */
export function addPlanOptions(command: Command): Command {
  return command
    .argument("[goal]", "what is to be done; alone, a model splits it into units")
    .addOption(
      new Option("--plan <file>", "take this plan (JSON or YAML)")
        .argParser(someText)
        .conflicts(["files", "units", "match"]),
    )
    .option("--files <glob>", "make units of these files (repeatable)", repeated)
    .option(
      "--match <rule>",
      "make units of the files in which this finds something: an ast-grep rule file (.yml), a pattern with $VARIABLES, or a regular expression (also as /…/i)",
      someText,
    )
    .option("--language <name>", "--match is an ast-grep pattern in this language", someText)
    .option("--matches-stay", "what --match finds may still be there in the end")
    .option("--units <n>", "how many units to make of --files or --match", positiveInteger)
    .addOption(
      new Option("--worker <name>", "the worker of units that name none")
        .argParser(someText)
        .conflicts(["command", "codemod"]),
    )
    .addOption(
      new Option("--command <cmd>", "a command as the worker; {task} and {files} are replaced")
        .argParser(someText)
        .conflicts("codemod"),
    )
    .option("--codemod <file>", "a codemod as the worker: an ast-grep rule or a module", someText)
    .option("--check <cmd>", "must pass on every merged tree (repeatable)", repeated)
    .option("--unit-check <cmd>", "must pass in a unit's worktree (repeatable)", repeated)
    .option("--target <branch>", "the branch the work is for", revisionText)
    .option("--base <rev>", "the commit to start from", revisionText)
    .option("--trust", "trust what this repository's configuration runs, this once");
}

export function addRunOptions(command: Command): Command {
  return addPlanOptions(command)
    .option("--concurrency <n>", "how many units are worked on at once", positiveInteger)
    .option("--attempts <n>", "how often a unit is tried", positiveInteger)
    .option(
      "--rounds <n>",
      "how often units are made for what --match still finds in the end",
      wholeNumber,
    )
    .option("--timeout <duration>", "the longest an attempt may take, such as 15m", durationMs)
    .addOption(
      new Option("--land <mode>", "when to move the target").choices(["auto", "partial", "never"]),
    )
    .option("--budget-tokens <n>", "the most tokens that the run may spend", positiveInteger)
    .option("--budget-usd <n>", "the most dollars that the run may spend", positiveAmount)
    .addOption(
      new Option("--approval <mode>", "who lets units begin").choices(["auto", "required"]),
    )
    .addOption(
      new Option("--sandbox <kind>", "what workers run in").choices(["auto", "bwrap", "none"]),
    )
    .option("--keep", "keep the worktrees afterwards, one for each unit")
    .option("-y, --yes", "answer every question with yes");
}

/** What commander makes of the flags: each is parsed, so its type is the parser's. */
type RunFlags = Partial<Omit<RunRequest, "checks" | "unitChecks" | "timeoutMs">> & {
  readonly check?: readonly string[];
  readonly unitCheck?: readonly string[];
  readonly timeout?: number;
};

/** Throws a usage Failure where the flags do not say what to do. */
export function requestOf(command: Command, goal: string | undefined, where: Where): RunRequest {
  const flags = command.opts<RunFlags>();
  const request: RunRequest = {
    ...where,
    goal,
    plan: absolute(where, flags.plan),
    files: flags.files ?? [],
    units: flags.units,
    match: flags.match,
    language: flags.language,
    matchesStay: flags.matchesStay === true,
    worker: flags.worker,
    command: flags.command,
    codemod: absolute(where, flags.codemod),
    checks: flags.check ?? [],
    unitChecks: flags.unitCheck ?? [],
    concurrency: flags.concurrency,
    attempts: flags.attempts,
    rounds: flags.rounds,
    timeoutMs: flags.timeout,
    target: flags.target,
    base: flags.base,
    land: flags.land,
    budgetTokens: flags.budgetTokens,
    budgetUsd: flags.budgetUsd,
    approval: flags.approval,
    sandbox: flags.sandbox,
    trust: flags.trust === true,
    keep: flags.keep === true,
    yes: flags.yes === true,
  };
  requireUnits(request, command.name());
  return request;
}

function requireUnits(request: RunRequest, name: string): void {
  const { goal, plan, files, units, match } = request;
  if (goal?.trim() === "") throw usage("empty_goal", "the goal is empty", "say what is to be done");
  if (plan !== undefined && goal !== undefined) {
    const why = "a goal cannot be given beside --plan: the plan has its own";
    throw usage("conflicting_option", why, "leave the goal or --plan out");
  }
  requireMatch(request);
  if (plan !== undefined || files.length > 0 || match !== undefined) return;
  if (goal !== undefined) return;
  const example = `type \`pleach ${name} --plan plan.json\`, or \`pleach ${name} --files 'src/**/*.ts' --codemod rule.yml\``;
  if (units !== undefined) {
    throw usage("missing_files", "--units needs --files", example);
  }
  throw usage("missing_goal", `\`pleach ${name}\` was not told what to do`, example);
}

function requireMatch({ match, language, matchesStay, rounds, plan }: RunRequest): void {
  if (match !== undefined) return;
  const given: readonly (readonly [string, boolean])[] = [
    ["--language", language !== undefined],
    ["--matches-stay", matchesStay],
    // A plan file may have a match of its own under doneWhen.
    ["--rounds", rounds !== undefined && plan === undefined],
  ];
  const flag = given.find(([, is]) => is)?.[0];
  if (flag === undefined) return;
  throw usage("missing_match", `${flag} needs --match`, "say what is looked for: --match RULE");
}

function absolute(where: Where, file: string | undefined): string | undefined {
  return file === undefined ? undefined : path.resolve(where.dir, file);
}
