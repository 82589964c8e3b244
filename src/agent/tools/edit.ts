/** `edit`: exact replacements in one file, all of them or none. */
import * as z from "zod";
import { shown } from "../../core/problem.ts";
import { changeable, requireKnown } from "../change.ts";
import { answering, refuse } from "../refusal.ts";
import { type Replacement, replaceIn } from "../replacement.ts";
import { textOf } from "../text-content.ts";
import { type Tool, type ToolResult, tool, type Workplace } from "../tool.ts";
import { readContent, writeContent } from "../worktree-file.ts";
import type { FilePlace } from "../worktree-path.ts";
import { contentShape, pathShape } from "./shapes.ts";

const editsMax = 100;

const shape = z.strictObject({
  path: pathShape,
  edits: z
    .array(
      z.strictObject({
        old: contentShape.min(1).describe("The text to replace, exactly as it is in the file"),
        new: contentShape.describe("What stands there afterwards"),
        all: z.boolean().optional().describe("Every place, where there are several"),
      }),
    )
    .min(1)
    .max(editsMax)
    .describe("Made one after the other; if one cannot be made, none is"),
});

export function editTool(workplace: Workplace): Tool {
  return tool({
    name: "edit",
    description:
      "Replaces exact text in a file that you have read. Each old text must be found exactly once, unless all is given: take in enough lines around it. Line numbers are not part of the text. Line ends of the file are kept.",
    shape,
    effect: "changes",
    call: (given, signal) => answering(signal, () => edit(workplace, given, signal)),
  });
}

async function edit(
  workplace: Workplace,
  given: z.output<typeof shape>,
  signal: AbortSignal,
): Promise<ToolResult> {
  const place = await changeable(workplace, given.path);
  return workplace.locks.hold([place.path], signal, async () => {
    const content = await readContent(place);
    if (content === undefined) {
      return refuse(`there is no file ${shown(given.path)}: make it with write`);
    }
    requireKnown(workplace, place, content, "any part");
    const text = textOf(place.path, content.bytes);
    const edited = replacedAll(place, text, given.edits);
    if (edited.text === text) return refuse(`that would leave ${shown(place.path)} as it is`);
    const bytes = Buffer.from(edited.text);
    await writeContent(place, { bytes, mode: content.mode }, workplace.outputs);
    workplace.files.saw(place.path, bytes);
    const where = edited.places === 1 ? "one place" : `${edited.places} places`;
    return { type: "done", text: `${shown(place.path)} is changed in ${where}` };
  });
}

function replacedAll(
  place: FilePlace,
  text: string,
  edits: readonly Replacement[],
): { readonly text: string; readonly places: number } {
  let places = 0;
  let now = text;
  for (const [position, replacement] of edits.entries()) {
    const made = replaceIn(now, replacement);
    if (made.type === "not_found") refuse(notFound(place, replacement, position, edits.length));
    if (made.type === "ambiguous") {
      refuse(
        `the old text ${ofEdit(position, edits.length)}is in ${shown(place.path)} ${made.places} times: take in more lines around it, or give all; nothing is changed`,
      );
    }
    if (made.type === "replaced") {
      now = made.text;
      places += made.places;
    }
  }
  return { text: now, places };
}

function notFound(place: FilePlace, { old }: Replacement, position: number, edits: number): string {
  const first = old.split("\n").find((line) => line.trim() !== "") ?? old;
  const advice = /^\s*\d+\t/.test(first)
    ? "leave out the line numbers"
    : /\\x[0-9a-f]{2}|\\u\{/.test(old)
      ? "hidden characters, which reading shows written out, are not matched: choose a text without them"
      : "read that part again and give it exactly, with its blanks";
  return `the old text ${ofEdit(position, edits)}is not in ${shown(place.path)} (it begins ${shown(first.trim())}): ${advice}; nothing is changed`;
}

function ofEdit(position: number, edits: number): string {
  return edits === 1 ? "" : `of edit ${position + 1} `;
}
