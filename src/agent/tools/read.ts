/** `read`: the lines of a text file, with their numbers. */
import * as z from "zod";
import { shown } from "../../core/problem.ts";
import { isOutput } from "../output-file.ts";
import { answering, refuse } from "../refusal.ts";
import { lineEndsOf, textOf } from "../text-content.ts";
import { type Tool, type ToolResult, tool, type Workplace } from "../tool.ts";
import { readContent } from "../worktree-file.ts";
import { placeIn } from "../worktree-path.ts";
import { pathShape } from "./shapes.ts";

const linesMax = 2000;
const lineCharsMax = 2000;
const charsMax = 60_000;

const shape = z.strictObject({
  path: pathShape,
  from: z.int().min(1).max(1_000_000_000).optional().describe("First line, 1 if absent"),
  to: z.int().min(1).max(1_000_000_000).optional().describe("Last line"),
});

export function readTool(workplace: Workplace): Tool {
  return tool({
    name: "read",
    description: `Reads a text file of the worktree, at most ${linesMax} lines at a time, each after its number and a tab (the numbers are not part of the file). Give from and to for a part. A long output that another tool kept in a file is read by its absolute path.`,
    shape,
    effect: "reads",
    call: (given, signal) => answering(signal, () => read(workplace, given)),
  });
}

async function read(workplace: Workplace, given: z.output<typeof shape>): Promise<ToolResult> {
  const isOurs = isOutput(workplace, given.path);
  const place = await placeIn(isOurs ? workplace.outputs : workplace.worktree, given.path);
  const content = await readContent(place);
  if (content === undefined) return refuse(`there is no file ${shown(given.path)}`);
  const whole = textOf(place.path, content.bytes);
  const lines = linesOf(whole);
  const from = given.from ?? 1;
  if (lines.length === 0 && from === 1) {
    if (!isOurs) workplace.files.saw(place.path, content.bytes);
    return { type: "done", text: `${shown(place.path)} is empty` };
  }
  if (from > lines.length) return refuse(`${shown(place.path)} has only ${lines.length} lines`);
  if (given.to !== undefined && given.to < from) return refuse("to is before from");
  const part = shownLines(lines, from, given.to ?? lines.length);
  if (!isOurs) {
    workplace.files.sawLines(place.path, content.bytes, [from, part.to], lines.length);
  }
  const mixed = `[${shown(place.path)} ends some lines with CRLF and some with LF]`;
  const text = [
    part.text,
    ...remarks(lines, part, given.to),
    ...(lineEndsOf(whole) === "mixed" ? [mixed] : []),
  ].join("\n");
  return { type: "done", text, isForeign: true };
}

/** Without their ends; a last line without an end counts. */
function linesOf(text: string): readonly string[] {
  if (text === "" || text === "\ufeff") return [];
  const lines = text.replace(/^\ufeff/, "").split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

interface Part {
  readonly text: string;
  /** The last line shown. */
  readonly to: number;
  readonly cut: number;
}

function shownLines(lines: readonly string[], from: number, to: number): Part {
  const made: string[] = [];
  let chars = 0;
  let cut = 0;
  const last = Math.min(to, lines.length, from + linesMax - 1);
  for (let number = from; number <= last; number += 1) {
    const line = (lines[number - 1] ?? "").replace(/\r$/, "");
    const isLong = line.length > lineCharsMax;
    if (isLong) cut += 1;
    const shownLine = isLong
      ? `${line.slice(0, lineCharsMax)}[… ${line.length - lineCharsMax} more characters]`
      : line;
    chars += shownLine.length + 8;
    if (chars > charsMax && made.length > 0) break;
    made.push(`${String(number).padStart(5)}\t${shownLine}`);
  }
  return { text: made.join("\n"), to: from + made.length - 1, cut };
}

function remarks(lines: readonly string[], part: Part, to: number | undefined): readonly string[] {
  const isCut = part.to < Math.min(to ?? lines.length, lines.length);
  return [
    ...(isCut
      ? [`[lines up to ${part.to} of ${lines.length}; go on with from: ${part.to + 1}]`]
      : []),
    ...(part.cut > 0 ? [`[${part.cut} long lines are cut; see them with grep or shell]`] : []),
  ];
}
