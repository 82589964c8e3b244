/** `{task}` and `{files}` in a command. A file's name is data from the repository: in a command for `sh` it is never
 *  spliced into the text but handed over as a parameter, so that no name can become a command. */
import type { Command } from "../core/plan.ts";

export interface PlaceholderValues {
  /** The path of the task file. */
  readonly task: string;
  /** Paths of the unit's existing files, relative to the worktree. */
  readonly files: readonly string[];
}

const placeholder = /\{(task|files)\}/g;

/** The command with its placeholders filled. A string becomes `sh -c` with the files as its parameters, quoted as the place
 *  where each placeholder stands needs it; in a list `{files}` alone becomes one argument per file. `AGENT_TASK_FILE` must
 *  be in the command's environment. */
export function fillPlaceholders(command: Command, values: PlaceholderValues): Command {
  const files = values.files.map(asOperand);
  if (typeof command !== "string") return fillList(command, { task: values.task, files });
  const script = fillScript(command);
  if (script === command) return command;
  return ["sh", "-c", script, "sh", ...(command.includes("{files}") ? files : [])];
}

/** Whether the command line grows with the number of files. */
export function takesFiles(command: Command): boolean {
  return typeof command === "string"
    ? command.includes("{files}")
    : command.some((part) => part.includes("{files}"));
}

/** What looks like a placeholder that was meant and is none. Other braces are the command's own: `{print}`, `${HOME}`, JSON. */
export function mistakenPlaceholders(command: Command): readonly string[] {
  const text = typeof command === "string" ? command : command.join(" ");
  const found = [...text.matchAll(mistaken)].map(([match]) => match);
  return [...new Set(found)].filter((match) => match !== "{task}" && match !== "{files}");
}

const mistaken = /(?<![$@{])\{(?:tasks?|task[-_]?file|files?|paths?|prompt|instructions|unit)\}/gi;

/** A name that begins with a dash would be read as an option. */
function asOperand(path: string): string {
  return path.startsWith("-") ? `./${path}` : path;
}

function fillList(command: readonly string[], values: PlaceholderValues): readonly string[] {
  return command.flatMap((part) =>
    part === "{files}"
      ? values.files
      : [
          part.replace(placeholder, (_, name: string) =>
            name === "task" ? values.task : values.files.join(" "),
          ),
        ],
  );
}

/** How the shell reads a place in its text. */
type Quoting = "none" | "single" | "double";

const expansions: Readonly<Record<"task" | "files", Readonly<Record<Quoting, string>>>> = {
  task: {
    none: '"$AGENT_TASK_FILE"',
    double: "$" + "{AGENT_TASK_FILE}",
    single: "'\"$AGENT_TASK_FILE\"'",
  },
  files: { none: '"$@"', double: "$*", single: "'\"$*\"'" },
};

function fillScript(script: string): string {
  const quoting = new QuotingReader();
  let filled = "";
  let read = 0;
  for (const match of script.matchAll(placeholder)) {
    const between = script.slice(read, match.index);
    const name = match[1] === "task" ? "task" : "files";
    filled += between + expansions[name][quoting.after(between)];
    read = match.index + match[0].length;
  }
  return filled + script.slice(read);
}

/** Follows quotes, backslashes and `$(…)` through a text for `sh`. */
class QuotingReader {
  /** The innermost last; a `$(…)` inside double quotes begins a text of its own. */
  readonly #open: Quoting[] = ["none"];

  after(text: string): Quoting {
    for (let at = 0; at < text.length; at++) {
      const inner = this.#inner();
      if (text[at] === "\\" && inner !== "single") at++;
      else if (inner === "single") this.#readInSingle(text[at]);
      else this.#readOutside(text[at], text[at + 1]);
    }
    return this.#inner();
  }

  #inner(): Quoting {
    return this.#open.at(-1) ?? "none";
  }

  #readInSingle(character: string | undefined): void {
    if (character === "'") this.#open.pop();
  }

  #readOutside(character: string | undefined, next: string | undefined): void {
    const inner = this.#inner();
    if (character === '"') {
      if (inner === "double") this.#open.pop();
      else this.#open.push("double");
    } else if (character === "'" && inner === "none") this.#open.push("single");
    else if (character === "$" && next === "(") this.#open.push("none");
    else if (character === ")" && inner === "none" && this.#open.length > 1) this.#open.pop();
  }
}
