/** The one place where what went wrong is said: what, why and what to do next on stderr, the same as JSON on stdout where a program
 *  reads, and the exit code. A stack is shown only for a bug of ours, or with -v. */
import { exitCodes, Failure, messageOf } from "../core/failure.ts";
import { escapeControls, jsonText, oneLine } from "../core/text.ts";
import type { ErrorFields } from "../view/document.ts";

export interface SaidFailure {
  readonly exitCode: number;
  readonly error: ErrorFields;
  readonly stack: string | undefined;
}

const detailLinesMax = 100;
const listedDetails = ["problems", "commands", "paths", "survivors"];

/** Anything that was thrown, in the words of the contract. */
export function understand(thrown: unknown): SaidFailure {
  const failure = thrown instanceof Failure ? thrown : failureOf(thrown);
  if (failure) {
    const { code, message, advice, details, exitCode, stack } = failure;
    return { exitCode, error: { code, message, advice, details }, stack };
  }
  const advice = "please report it with the text above; `pleach doctor` says what is here";
  const stack = thrown instanceof Error ? thrown.stack : undefined;
  const message = `a bug of ours: ${messageOf(thrown)}`;
  return { exitCode: exitCodes.bug, error: { code: "bug", message, advice, details: {} }, stack };
}

/** The lines for stderr. */
export function failureText({ exitCode, error, stack }: SaidFailure, verbose: boolean): string {
  const wanted = verbose && exitCode !== exitCodes.usage;
  const showStack = stack !== undefined && (wanted || exitCode === exitCodes.bug);
  const lines = [
    `error: ${oneLine(error.message)}`,
    ...detailLines(error),
    ...(showStack ? [escapeControls(stack)] : []),
    ...(error.advice === "" ? [] : [`next:  ${oneLine(error.advice)}`]),
  ];
  return `${lines.join("\n")}\n`;
}

/** The document for stdout. */
export function failureDocument({ error }: SaidFailure, indent: number): string {
  return `${jsonText({ error }, indent)}\n`;
}

export function usage(code: string, message: string, advice: string): Failure {
  return new Failure("usage", code, message, { advice });
}

/** Errors of commander: wrong usage, said its way but ours in form. */
export function usageFailure(
  thrown: { readonly code: string; readonly message: string },
  command: string | undefined,
): Failure {
  const [first = "", ...more] = thrown.message.replace(/^error: /, "").split("\n");
  const near = /^\(Did you mean (.*)\?\)$/.exec(more.join(" ").trim())?.[1];
  const advice =
    near === undefined
      ? `see \`pleach ${command === undefined ? "" : `${command} `}--help\``
      : `did you mean ${near}?`;
  const code = thrown.code
    .replace(/^commander\./, "")
    .replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return usage(code, first, advice);
}

/** Failures of the disk that reached nobody nearer. */
function failureOf(thrown: unknown): Failure | undefined {
  const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
  const facts = { cause: thrown };
  switch (code) {
    case "ENOSPC":
    case "EDQUOT": {
      const advice = "free some space, then go on with `pleach resume`";
      return new Failure("environment", "disk_full", messageOf(thrown), { ...facts, advice });
    }
    case "EACCES":
    case "EPERM":
    case "EROFS": {
      const advice = "see that the repository and the state directory may be written to";
      return new Failure("environment", "not_permitted", messageOf(thrown), { ...facts, advice });
    }
    case "EMFILE":
    case "ENFILE": {
      const advice = "raise the limit of open files (`ulimit -n 4096`), then `pleach resume`";
      return new Failure("environment", "too_many_files", messageOf(thrown), { ...facts, advice });
    }
    default:
      return undefined;
  }
}

/** A list of one that the message already says is not said again. */
function detailLines({ message, details }: ErrorFields): string[] {
  const all = listedDetails.flatMap((key) => {
    const value = details[key];
    return Array.isArray(value) ? value.map((item) => oneLine(detailText(item))) : [];
  });
  const [only] = all;
  if (all.length === 1 && only !== undefined && oneLine(message).includes(only)) return [];
  const lines = all.map((text) => `  - ${text}`);
  const more = lines.length - detailLinesMax;
  return more > 0 ? [...lines.slice(0, detailLinesMax), `  - and ${more} more`] : lines;
}

/** A problem is a text, or has a place and a message, and perhaps says what to write instead. */
function detailText(item: unknown): string {
  if (typeof item === "string") return item;
  if (typeof item !== "object" || item === null) return String(item);
  const { path, at, field, message, advice } = item as Readonly<Record<string, unknown>>;
  const place = field ?? path ?? at;
  if (typeof message !== "string") return JSON.stringify(item);
  const line = typeof advice === "string" ? `${message} (${advice})` : message;
  return typeof place === "string" && place !== "" ? `${place}: ${line}` : line;
}
