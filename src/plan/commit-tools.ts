/** Tools that look into one commit: its folders, files and lines come out of git's objects. Nothing of a checkout is read, and nothing
 *  can be changed with them. */
import * as z from "zod";
import { answering, refuse } from "../agent/refusal.ts";
import { type Tool, type ToolResult, tool } from "../agent/tool.ts";
import { pathShape } from "../agent/tools/shapes.ts";
import { parseGlob } from "../core/glob.ts";
import type { Sha } from "../core/id.ts";
import { matcherOf } from "../core/ownership.ts";
import { shown } from "../core/problem.ts";
import { git } from "../git/git.ts";
import type { ObjectReader } from "../git/objects.ts";
import type { RefHome } from "../git/ref.ts";
import type { TreeEntry } from "../git/tree.ts";

export interface CommitPlace {
  readonly home: RefHome;
  readonly commit: Sha;
  readonly entries: readonly TreeEntry[];
  readonly objects: ObjectReader;
}

const entriesMax = 500;
const filesMax = 1000;
const linesMax = 2000;
const charsMax = 60_000;
const lineCharsMax = 400;
const foundMax = 200;
const searchMs = 20_000;

export function commitTools(place: CommitPlace): readonly Tool[] {
  return [readTool(place), listTool(place), globTool(place), grepTool(place)];
}

function readTool(place: CommitPlace): Tool {
  const line = z.int().min(1).max(1_000_000_000).optional();
  return tool({
    name: "read",
    description: `Reads a text file, at most ${linesMax} lines at a time, each after its number and a tab. Give from and to for a part.`,
    shape: z.strictObject({ path: pathShape, from: line, to: line }),
    effect: "reads",
    call: ({ path, from = 1, to }, signal) =>
      answering(signal, async () => {
        const lines = (await textOf(place, plain(path))).split("\n");
        if (from > lines.length) return refuse(`${shown(path)} has only ${lines.length} lines`);
        const last = Math.min(to ?? lines.length, from + linesMax - 1, lines.length);
        const part = lines.slice(from - 1, last).map((text, at) => `${from + at}\t${cut(text)}`);
        const rest = last < lines.length ? [`[${lines.length} lines in all]`] : [];
        return done([...part, ...rest]);
      }),
  });
}

function listTool({ entries }: CommitPlace): Tool {
  return tool({
    name: "list",
    description: "Lists what is in one folder, the root if no path is given: folders end in /.",
    shape: z.strictObject({ path: pathShape.optional() }),
    effect: "reads",
    call: ({ path }, signal) =>
      answering(signal, async () => {
        const folder = plain(path ?? "");
        const prefix = folder === "" ? "" : `${folder}/`;
        const inside = entries.filter((entry) => entry.path.startsWith(prefix));
        if (inside.length === 0) return refuse(`there is no folder ${shown(folder)}`);
        const names = inside.map((entry) => {
          const [name = "", ...more] = entry.path.slice(prefix.length).split("/");
          return more.length > 0 ? `${name}/` : name;
        });
        return some([...new Set(names)], entriesMax);
      }),
  });
}

function globTool({ entries }: CommitPlace): Tool {
  return tool({
    name: "glob",
    description: `Finds files by their path, at most ${filesMax}, sorted. A pattern without / is looked for in all folders.`,
    shape: z.strictObject({ pattern: z.string().min(1).max(1000).describe("Such as src/**/*.ts") }),
    effect: "reads",
    call: ({ pattern }, signal) =>
      answering(signal, async () => {
        const whole = pattern.includes("/") ? pattern : `**/${pattern}`;
        const parsed = parseGlob(whole);
        if (parsed.type === "invalid") return refuse(`the pattern ${parsed.why}`);
        const isMeant = matcherOf([whole]);
        const found = entries.map((entry) => entry.path as string).filter(isMeant);
        return found.length === 0 ? nothing(pattern) : some(found, filesMax);
      }),
  });
}

function grepTool({ home, commit }: CommitPlace): Tool {
  return tool({
    name: "grep",
    description: `Finds lines by an extended regular expression, as path:number:line, at most ${foundMax} of them.`,
    shape: z.strictObject({
      pattern: z.string().min(1).max(2000),
      files: z
        .string()
        .min(1)
        .max(500)
        .optional()
        .describe("Only files like this, such as src/**/*.ts"),
      ignoreCase: z.boolean().optional(),
      namesOnly: z.boolean().optional().describe("Only the names of the files"),
    }),
    effect: "reads",
    call: ({ pattern, files, ignoreCase, namesOnly }, signal) =>
      answering(signal, async () => {
        const late = AbortSignal.timeout(searchMs);
        const args = [
          ...["grep", "-I", "--no-color", "--no-textconv", "--full-name", "--extended-regexp"],
          ...(namesOnly === true ? ["--files-with-matches"] : ["--line-number"]),
          ...(ignoreCase === true ? ["--ignore-case"] : []),
          ...["-e", pattern, commit, "--", ...(files === undefined ? [] : [`:(top,glob)${files}`])],
        ];
        const options = { codes: [0, 1, 128], signal: AbortSignal.any([signal, late]) };
        const answer = await searched(() => git({ gitDir: home.commonDir }, args, options), late);
        if (answer.code === 128) return refuse(`git says: ${answer.stderr.slice(0, 300)}`);
        const lines = answer.stdout.split("\n").filter(Boolean);
        if (lines.length === 0) return nothing(pattern);
        return some(
          lines.map((found) => cut(found.slice(commit.length + 1))),
          foundMax,
        );
      }),
  });
}

async function searched<T>(search: () => Promise<T>, late: AbortSignal): Promise<T> {
  try {
    return await search();
  } catch (error) {
    if (late.aborted) return refuse("the search took too long: give a simpler pattern");
    throw error;
  }
}

async function textOf({ entries, objects }: CommitPlace, path: string): Promise<string> {
  const entry = entries.find((one) => one.path === path);
  if (entry === undefined) return refuse(`there is no file ${shown(path)}`);
  if (!entry.mode.startsWith("100")) return refuse(`${shown(path)} is no ordinary file`);
  const blob = await objects.readBlob(entry.oid);
  if (blob.type !== "blob") return refuse(`${shown(path)} is too large, or not in this clone`);
  if (blob.bytes.includes(0)) return refuse(`${shown(path)} is binary`);
  const text = blob.bytes.toString("utf8");
  return text.endsWith("\n") ? text.slice(0, -1) : text;
}

/** Models write `./src/` as well as `src`. */
function plain(path: string): string {
  return path
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");
}

function nothing(pattern: string): ToolResult {
  return { type: "done", text: `nothing matches ${shown(pattern)}` };
}

function some(lines: readonly string[], linesShownMax: number): ToolResult {
  const rest = lines.length - linesShownMax;
  return done([...lines.slice(0, linesShownMax), ...(rest > 0 ? [`[and ${rest} more]`] : [])]);
}

function done(lines: readonly string[]): ToolResult {
  const text = lines.join("\n");
  const whole = text.length <= charsMax ? text : `${text.slice(0, charsMax)}\n[cut here]`;
  return { type: "done", text: whole, isForeign: true };
}

function cut(text: string): string {
  return text.length <= lineCharsMax ? text : `${text.slice(0, lineCharsMax)}[…]`;
}
