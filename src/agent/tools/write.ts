/** `write`: a whole file, new or one that the agent has read. */
import * as z from "zod";
import { shown } from "../../core/problem.ts";
import { changeable, requireKnown } from "../change.ts";
import { answering } from "../refusal.ts";
import { type Tool, type ToolResult, tool, type Workplace } from "../tool.ts";
import { readContent, writeContent } from "../worktree-file.ts";
import { contentShape, pathShape } from "./shapes.ts";

const shape = z.strictObject({ path: pathShape, content: contentShape });

export function writeTool(workplace: Workplace): Tool {
  return tool({
    name: "write",
    description:
      "Makes a file with this content, and the folders above it. A file that is there already is replaced, if you have read all of it; for a change of some lines use edit.",
    shape,
    effect: "changes",
    call: (given, signal) => answering(signal, () => write(workplace, given, signal)),
  });
}

async function write(
  workplace: Workplace,
  given: z.output<typeof shape>,
  signal: AbortSignal,
): Promise<ToolResult> {
  const place = await changeable(workplace, given.path);
  return workplace.locks.hold([place.path], signal, async () => {
    const before = await readContent(place);
    if (before !== undefined) requireKnown(workplace, place, before, "whole");
    const bytes = Buffer.from(given.content);
    const mode = before === undefined ? {} : { mode: before.mode };
    await writeContent(place, { bytes, ...mode }, workplace.outputs);
    workplace.files.saw(place.path, bytes);
    const did = before === undefined ? "is made" : "is replaced";
    return { type: "done", text: `${shown(place.path)} ${did} (${bytes.length} bytes)` };
  });
}
