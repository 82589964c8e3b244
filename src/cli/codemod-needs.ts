/** What is wrong with the codemods that a run may use, told before anything begins. */
import path from "node:path";
import { readCodemod } from "../config/settings-of.ts";
import { type Problem, problemsFailure } from "../core/problem.ts";
import type { Settings } from "../core/settings.ts";
import type { RunRequest } from "./doors.ts";

export interface EarlyAnswer {
  readonly text: string;
  readonly problems: Promise<readonly string[]>;
}

/** A parser takes a while to start: it reads the rule that `--codemod` names while the repository is looked at. */
export async function askEarly({ codemod, dir }: RunRequest): Promise<EarlyAnswer | undefined> {
  if (codemod === undefined || !/\.ya?ml$/.test(codemod)) return undefined;
  const file = path.resolve(dir, codemod);
  // What is wrong with the file is told in its turn.
  const text = await readCodemod(file).catch(() => undefined);
  if (text === undefined) return undefined;
  const { askCodemodProblems } = await import("../work/codemod-worker.ts");
  const problems = askCodemodProblems({ text, file }, neverAborted);
  // Told where it is waited for, if it is.
  problems.catch(() => undefined);
  return { text, problems };
}

/** What the text alone tells first, then what ast-grep itself has against the rules that a unit may run. */
export async function requireRules(
  settings: Settings,
  early: EarlyAnswer | undefined,
): Promise<void> {
  const rules = Object.entries(settings.workers).flatMap(([name, worker]) =>
    worker.type === "codemod" && worker.codemod.type === "rule"
      ? [{ name, codemod: worker.codemod }]
      : [],
  );
  if (rules.length === 0) return;
  // Loaded only when it is needed: it brings a parser of YAML along.
  const { askCodemodProblems, codemodProblems } = await import("../work/codemod-worker.ts");
  const problems: Problem[] = [];
  for (const { name, codemod } of rules) {
    const told = codemodProblems(codemod.text, codemod.file);
    const known = early?.text === codemod.text ? early.problems : undefined;
    const asked =
      told.length > 0 ? told : await (known ?? askCodemodProblems(codemod, neverAborted));
    problems.push(...asked.map((message) => ({ field: name, message })));
  }
  if (problems.length > 0) throw problemsFailure("usage", "the codemod", problems);
}

/** A module that cannot be parsed would fail every unit alike. */
export async function requireModules(settings: Settings): Promise<void> {
  const modules = Object.entries(settings.workers).flatMap(([name, worker]) =>
    worker.type === "codemod" && worker.codemod.type === "module"
      ? [{ field: name, file: worker.codemod.file }]
      : [],
  );
  if (modules.length === 0) return;
  const { moduleProblem } = await import("../work/codemod-module.ts");
  const problems: Problem[] = [];
  for (const { field, file } of modules) {
    const message = await moduleProblem(file, neverAborted);
    if (message !== undefined) problems.push({ field, message });
  }
  if (problems.length > 0) throw problemsFailure("usage", "the codemod", problems);
}

const neverAborted = new AbortController().signal;
