/** What is wrong with an input (config, plan): always a list, every problem at once, each naming its field. */
import { Failure } from "./failure.ts";

export interface Problem {
  /** Where, such as `units[3].owns[0]`; empty for the whole. */
  readonly field: string;
  /** One line. */
  readonly message: string;
  /** What to write instead. */
  readonly advice?: string;
}

/** More than this nobody reads; the rest is counted. */
export const problemsMax = 200;

/** At most `problemsMax` problems, then one that counts the rest. */
export function cutProblems(problems: readonly Problem[]): readonly Problem[] {
  if (problems.length <= problemsMax) return problems;
  const rest = problems.length - problemsMax;
  return [...problems.slice(0, problemsMax), { field: "", message: `and ${rest} more problems` }];
}

export function problemLine(problem: Problem): string {
  const where = problem.field === "" ? "" : `${problem.field}: `;
  const advice = problem.advice === undefined ? "" : ` (${problem.advice})`;
  return `${where}${problem.message}${advice}`;
}

/** Hostile text, short and on one line: plain names as they are, all else quoted. */
export function shown(text: string): string {
  if (/^[\w@./-]{1,100}$/.test(text)) return text;
  return quoted(text);
}

export function quoted(text: string): string {
  const made = JSON.stringify(
    text.length > shownCharsMax ? `${text.slice(0, shownCharsMax)}…` : text,
  );
  // JSON leaves these as they are, and they end a line too.
  return made.replace(/[\u2028\u2029\u0085]/g, " ");
}

const shownCharsMax = 100;

/** A usage failure (exit 2) whose `details.problems` holds the whole list. `what` is such as `plan.json`. */
export function problemsFailure(
  code: "config_wrong" | "plan_wrong" | "usage",
  what: string,
  problems: readonly Problem[],
): Failure {
  const [first] = problems;
  const line = first === undefined ? "is wrong" : problemLine(first);
  const more = problems.length > 1 ? `; ${problems.length} problems in all` : "";
  return new Failure("usage", code, `${what}: ${line}${more}`, {
    advice:
      problems.length > 1
        ? `mend these ${problems.length} problems in ${what} and try again`
        : `mend ${what} and try again`,
    details: { problems: cutProblems(problems) },
  });
}

/** A value inside an object or list: `units[3].owns`. */
export function fieldOf(path: readonly PropertyKey[]): string {
  let field = "";
  for (const part of path) {
    if (typeof part === "number") field += `[${part}]`;
    else if (plainKey.test(String(part))) field += field === "" ? String(part) : `.${String(part)}`;
    else field += `[${JSON.stringify(String(part).slice(0, keyCharsMax))}]`;
  }
  return field;
}

const plainKey = /^[A-Za-z_$][\w$-]{0,60}$/;
const keyCharsMax = 60;
