/** `grep`: lines of files by a regular expression. The pattern is untrusted: another program searches, within its time. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import path from "node:path";
import * as z from "zod";
import { matcherOf } from "../../core/ownership.ts";
import { shown } from "../../core/problem.ts";
import { someOf } from "../../core/text.ts";
import { isOutput, newOutput } from "../output-file.ts";
import { answering, refuse } from "../refusal.ts";
import { findRipgrep, largeFiles, mayHoldLarge, type Searched, search } from "../search.ts";
import { type Tool, type ToolResult, tool, type Workplace } from "../tool.ts";
import { fileBytesMax } from "../worktree-file.ts";
import { placeIn } from "../worktree-path.ts";
import { pathShape } from "./shapes.ts";

const shownLinesMax = 200;
const lineCharsMax = 400;
const shownBytesMax = 256 * 1024;
/** Git tries every way in which a pattern could fit: one long line of a file that is larger than the tools read could take all of
 *  the search's time. */
const searchedBytesMax = fileBytesMax;
const leftOutMax = 1000;
const leftOutNamedMax = 5;

const shape = z.strictObject({
  pattern: z.string().min(1).max(2000).describe("A regular expression, for one line"),
  path: pathShape.optional().describe("A folder or a file; everything if absent"),
  files: z.string().min(1).max(500).optional().describe("Only files like this, such as *.ts"),
  ignoreCase: z.boolean().optional(),
  around: z.int().min(0).max(20).optional().describe("Lines before and after each found one"),
  namesOnly: z.boolean().optional().describe("Only the names of the files"),
});

type Given = z.output<typeof shape>;

export function grepTool(workplace: Workplace): Tool {
  return tool({
    name: "grep",
    description: `Finds lines by a regular expression, as path:number:line, at most ${shownLinesMax} of them. Binary files, and what .gitignore names, are left out.`,
    shape,
    effect: "reads",
    call: (given, signal) => answering(signal, () => grep(workplace, given, signal)),
  });
}

async function grep(workplace: Workplace, given: Given, signal: AbortSignal): Promise<ToolResult> {
  if (given.pattern.includes("\0")) return refuse("the pattern holds a NUL character");
  const isOurs = given.path !== undefined && isOutput(workplace, given.path);
  const cwd = isOurs ? workplace.outputs : workplace.worktree;
  const place = await placeIn(cwd, given.path ?? ".");
  const output = newOutput(workplace.outputs, "grep", "txt");
  const run = (command: readonly string[]) =>
    search(
      workplace,
      {
        ...{ command, cwd, output, redact: workplace.redact },
        sandbox: isOurs ? undefined : workplace.shell.sandbox,
      },
      signal,
    );
  const within = place.path === "" ? "." : place.path;
  const ripgrep = findRipgrep();
  const leftOut =
    ripgrep === undefined && !isOurs && mayHoldLarge(place.file, searchedBytesMax)
      ? await tooLarge(workplace, { given, within }, signal)
      : [];
  const searched =
    ripgrep === undefined
      ? await askGit(given, { within, leftOut }, run)
      : await run(ripgrepCommand(ripgrep, given, within));
  const { end, complaint } = searched;
  if (end.type === "timed_out") return refuse("the search took too long: give a simpler pattern");
  if (end.type !== "exited" || end.code > 1) {
    return refuse(`the search failed: ${complaint.slice(0, 500)}`);
  }
  return told(given, output, leftOut);
}

/** But for one that is named itself. */
async function tooLarge(
  workplace: Workplace,
  { given, within }: { readonly given: Given; readonly within: string },
  signal: AbortSignal,
): Promise<readonly string[]> {
  const all = await largeFiles(workplace, { within, bytesMax: searchedBytesMax }, signal);
  const large = all.filter((name) => name !== within);
  const pattern = patternOf(given, within);
  const leftOut = pattern === undefined ? large : large.filter(matcherOf([pattern]));
  if (leftOut.length <= leftOutMax) return leftOut;
  return refuse(`${leftOut.length} files are too large to be searched: give path or files`);
}

function ripgrepCommand(program: string, given: Given, within: string): readonly string[] {
  return [
    ...[program, "--no-config", "--hidden", "--glob=!.git", "--color=never", "--no-heading"],
    ...["--with-filename", "--sort=path", "--no-messages", "--no-require-git", "--crlf"],
    ...(given.namesOnly ? ["--files-with-matches"] : ["--line-number"]),
    ...(given.ignoreCase ? ["--ignore-case"] : []),
    ...(given.around === undefined ? [] : [`--context=${given.around}`]),
    ...(given.files === undefined ? [] : [`--glob=${given.files}`]),
    ...["--regexp", given.pattern, "--", within],
  ];
}

/** With the expressions of Perl; a git that was built without them knows the extended ones. */
async function askGit(
  given: Given,
  where: Where,
  run: (command: readonly string[]) => Promise<Searched>,
): Promise<Searched> {
  // A line may end as on Windows.
  const perl = { ...given, pattern: `(*ANYCRLF)${given.pattern}` };
  const asPerl = await run(gitCommand(perl, where, "--perl-regexp"));
  const failed = asPerl.end.type === "exited" && asPerl.end.code > 1;
  const unknown = failed && /USE_LIBPCRE|Perl-compatible/.test(asPerl.complaint);
  return unknown ? run(gitCommand(given, where, "--extended-regexp")) : asPerl;
}

interface Where {
  readonly within: string;
  /** Files below it that are not searched. */
  readonly leftOut: readonly string[];
}

/** Without a slash it is for all folders, as ripgrep has it. */
function patternOf({ files }: Given, within: string): string | undefined {
  if (files === undefined) return undefined;
  return path.join(within, files.includes("/") ? files : `**/${files}`);
}

function gitCommand(given: Given, { within, leftOut }: Where, dialect: string): readonly string[] {
  const pattern = patternOf(given, within);
  const pathspec = pattern === undefined ? within : `:(glob)${pattern}`;
  return [
    ...["git", "-c", "core.quotePath=false", "-c", "core.fsmonitor=false"],
    ...["grep", "--no-index", "--exclude-standard", "-I", "--no-color", "--no-textconv"],
    ...(given.namesOnly ? ["--files-with-matches"] : ["--line-number"]),
    ...(given.ignoreCase ? ["--ignore-case"] : []),
    ...(given.around === undefined ? [] : [`--context=${given.around}`]),
    ...[dialect, "-e", given.pattern, "--", pathspec],
    ...leftOut.map((name) => `:(exclude,literal)${name}`),
  ];
}

function told(given: Given, output: string, leftOut: readonly string[]): ToolResult {
  const unsearched = sayLeftOut(leftOut);
  const { start, isWhole } = startOf(output);
  const lines = start.split("\n");
  if (lines.at(-1) === "") lines.pop();
  if (lines.length === 0) {
    const nothing = `nothing matches ${shown(given.pattern)}`;
    const isForeign = leftOut.length > 0;
    return { type: "done", text: [nothing, ...unsearched].join("\n"), isForeign };
  }
  const some = lines.slice(0, shownLinesMax).map(cutLine);
  const isCut = !isWhole || lines.length > shownLinesMax;
  const rest = isWhole ? `${lines.length} lines in all` : "many more lines";
  const remark = isCut
    ? [`[the first ${some.length}; ${rest} are in ${output}: read it, or give a narrower pattern]`]
    : [];
  return { type: "done", text: [...some, ...remark, ...unsearched].join("\n"), isForeign: true };
}

function sayLeftOut(leftOut: readonly string[]): readonly string[] {
  if (leftOut.length === 0) return [];
  const all = someOf(
    leftOut.map((name) => shown(name)),
    leftOutNamedMax,
  );
  return [
    `[not searched unless path names it, being larger than ${searchedBytesMax / 1024 / 1024} MB: ${all}]`,
  ];
}

function cutLine(line: string): string {
  const plain = line.replace(/\r$/, "").replace(/^\.\//, "");
  if (plain.length <= lineCharsMax) return plain;
  return `${plain.slice(0, lineCharsMax)}[… ${plain.length - lineCharsMax} more characters]`;
}

function startOf(file: string): { start: string; isWhole: boolean } {
  const handle = openSync(file, "r");
  try {
    const { size } = fstatSync(handle);
    const held = Buffer.allocUnsafe(Math.min(size, shownBytesMax));
    const bytes = readSync(handle, held, 0, held.length, 0);
    return { start: held.toString("utf8", 0, bytes), isWhole: size <= bytes };
  } finally {
    closeSync(handle);
  }
}
