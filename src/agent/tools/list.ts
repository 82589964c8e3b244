/** `list`: what is in a folder. */
import { readdir } from "node:fs/promises";
import * as z from "zod";
import { shown } from "../../core/problem.ts";
import { answering, withFile } from "../refusal.ts";
import { type Tool, type ToolResult, tool, type Workplace } from "../tool.ts";
import { placeIn } from "../worktree-path.ts";
import { pathShape } from "./shapes.ts";

const entriesMax = 500;

const shape = z.strictObject({ path: pathShape.optional() });

export function listTool(workplace: Workplace): Tool {
  return tool({
    name: "list",
    description:
      "Lists what is in one folder, the root if no path is given: folders end in /, links in @. Files anywhere below are found with glob.",
    shape,
    effect: "reads",
    call: (given, signal) => answering(signal, () => list(workplace, given.path ?? ".")),
  });
}

async function list(workplace: Workplace, said: string): Promise<ToolResult> {
  const place = await placeIn(workplace.worktree, said);
  const entries = await withFile(said, "list", () => readdir(place.file, { withFileTypes: true }));
  const names = entries
    .filter((entry) => entry.name.toLowerCase() !== ".git")
    .map((entry) => {
      const mark = entry.isDirectory() ? "/" : entry.isSymbolicLink() ? "@" : "";
      return `${entry.name.replaceAll("\n", "\\n")}${mark}`;
    })
    .sort();
  if (names.length === 0) return { type: "done", text: `${shown(said)} is empty` };
  const rest = names.length - entriesMax;
  const cut = rest > 0 ? [`[and ${rest} more: use glob]`] : [];
  const text = [...names.slice(0, entriesMax), ...cut].join("\n");
  return { type: "done", text, isForeign: true };
}
