/** `glob`: files of the worktree by a pattern of their paths. */
import * as z from "zod";
import { parseGlob } from "../../core/glob.ts";
import { shown } from "../../core/problem.ts";
import { answering, refuse } from "../refusal.ts";
import { worktreeFiles } from "../search.ts";
import { type Tool, type ToolResult, tool, type Workplace } from "../tool.ts";
import { placeIn } from "../worktree-path.ts";
import { pathShape } from "./shapes.ts";

const filesMax = 1000;

const shape = z.strictObject({
  pattern: z.string().min(1).max(1000).describe("Such as src/**/*.{ts,tsx}"),
  path: pathShape.optional().describe("The folder that the pattern begins at"),
});

export function globTool(workplace: Workplace): Tool {
  return tool({
    name: "glob",
    description: `Finds files by their path, at most ${filesMax}, sorted. What .gitignore names is left out. A pattern without / is looked for in all folders.`,
    shape,
    effect: "reads",
    call: (given, signal) => answering(signal, () => glob(workplace, given, signal)),
  });
}

async function glob(
  workplace: Workplace,
  given: z.output<typeof shape>,
  signal: AbortSignal,
): Promise<ToolResult> {
  const folder = given.path === undefined ? "" : await folderOf(workplace, given.path);
  const parsed = parseGlob(given.pattern.includes("/") ? given.pattern : `**/${given.pattern}`);
  if (parsed.type === "invalid") return refuse(`the pattern ${parsed.why}`);
  const files = await worktreeFiles(workplace, signal);
  const found = files
    .filter((file) => file.startsWith(folder))
    .filter((file) => {
      const inside = file.slice(folder.length);
      const parts = inside.split("/");
      return parsed.atoms.some((atom) =>
        atom.type === "path" ? atom.path === inside : atom.matches(inside, parts),
      );
    });
  if (found.length === 0)
    return { type: "done", text: `no file is called ${shown(given.pattern)}` };
  const rest = found.length - filesMax;
  const cut = rest > 0 ? [`[and ${rest} more: give a narrower pattern]`] : [];
  const names = found.slice(0, filesMax).map((name) => name.replaceAll("\n", "\\n"));
  return { type: "done", text: [...names, ...cut].join("\n"), isForeign: true };
}

async function folderOf(workplace: Workplace, said: string): Promise<string> {
  const place = await placeIn(workplace.worktree, said);
  return place.path === "" ? "" : `${place.path}/`;
}
