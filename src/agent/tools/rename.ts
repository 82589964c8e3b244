/** `rename`: another name for a file or a folder, where nothing is yet. */
import { lstat, readdir } from "node:fs/promises";
import path from "node:path";
import * as z from "zod";
import { shown } from "../../core/problem.ts";
import { isAbsent } from "../../host/file.ts";
import { entryPlace, requireRight } from "../change.ts";
import { answering, refuse, withFile } from "../refusal.ts";
import { type Tool, type ToolResult, tool, type Workplace } from "../tool.ts";
import { renameEntry } from "../worktree-file.ts";
import type { FilePlace } from "../worktree-path.ts";
import { pathShape } from "./shapes.ts";

const filesMax = 10_000;

const shape = z.strictObject({ from: pathShape, to: pathShape });

export function renameTool(workplace: Workplace): Tool {
  return tool({
    name: "rename",
    description:
      "Moves a file or a whole folder to another path, where nothing is yet; folders above it are made. Places that name it are yours to change.",
    shape,
    effect: "changes",
    call: (given, signal) => answering(signal, () => moved(workplace, given, signal)),
  });
}

async function moved(
  workplace: Workplace,
  given: z.output<typeof shape>,
  signal: AbortSignal,
): Promise<ToolResult> {
  const from = await entryPlace(workplace, given.from, "itself");
  const to = await entryPlace(workplace, given.to, "itself");
  return workplace.locks.hold([from.path, to.path], signal, async () => {
    if (await isThere(to)) return refuse(`${shown(to.path)} is there already`);
    if (to.path.startsWith(`${from.path}/`)) return refuse("a folder cannot be moved into itself");
    await requireRights(workplace, from, to);
    await renameEntry(from, to);
    workplace.files.moved(from.path, to.path);
    return { type: "done", text: `${shown(from.path)} is now ${shown(to.path)}` };
  });
}

async function isThere(place: FilePlace): Promise<boolean> {
  return withFile(place.path, "look at", async () => {
    const facts = await lstat(place.file).catch((error: unknown) => {
      if (isAbsent(error)) return undefined;
      throw error;
    });
    return facts !== undefined;
  });
}

/** Of a folder every file must be the unit's, at the old place and at the new. */
async function requireRights(workplace: Workplace, from: FilePlace, to: FilePlace): Promise<void> {
  const facts = await withFile(from.path, "rename", () => lstat(from.file));
  if (!facts.isDirectory()) {
    requireRight(workplace, from.path);
    requireRight(workplace, to.path);
    return;
  }
  const entries = await withFile(from.path, "list", () =>
    readdir(from.file, { recursive: true, withFileTypes: true }),
  );
  if (entries.length > filesMax) refuse(`${shown(from.path)} holds more than ${filesMax} files`);
  for (const entry of entries) {
    if (entry.name.toLowerCase() === ".git") refuse(`${shown(from.path)} holds a repository`);
    if (entry.isDirectory()) continue;
    const inside = path.relative(from.file, path.join(entry.parentPath, entry.name));
    requireRight(workplace, path.join(from.path, inside));
    requireRight(workplace, path.join(to.path, inside));
  }
}
