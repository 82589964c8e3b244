/** `remove`: a file, a link or an empty folder. */
import { lstat } from "node:fs/promises";
import * as z from "zod";
import { shown } from "../../core/problem.ts";
import { changeable, requireKnown } from "../change.ts";
import { answering, withFile } from "../refusal.ts";
import { type Tool, type ToolResult, tool, type Workplace } from "../tool.ts";
import { readContent, removeEntry } from "../worktree-file.ts";
import { pathShape } from "./shapes.ts";

const shape = z.strictObject({ path: pathShape });

export function removeTool(workplace: Workplace): Tool {
  return tool({
    name: "remove",
    description: "Removes a file that you have read, a link, or an empty folder.",
    shape,
    effect: "changes",
    call: (given, signal) => answering(signal, () => remove(workplace, given.path, signal)),
  });
}

async function remove(
  workplace: Workplace,
  said: string,
  signal: AbortSignal,
): Promise<ToolResult> {
  const place = await changeable(workplace, said, "itself");
  return workplace.locks.hold([place.path], signal, async () => {
    const facts = await withFile(said, "remove", () => lstat(place.file));
    if (facts.isFile()) {
      const content = await readContent(place);
      if (content !== undefined) requireKnown(workplace, place, content, "any part");
    }
    await removeEntry(place);
    workplace.files.forget(place.path);
    return { type: "done", text: `${shown(place.path)} is removed` };
  });
}
