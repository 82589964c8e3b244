/** The tools of an agent that work on files and run commands, in the order in which a model is told of them: the same for
 *  every agent, so that the provider can keep the beginning of a conversation. */
import type { Tool, Workplace } from "../tool.ts";
import { editTool } from "./edit.ts";
import { globTool } from "./glob.ts";
import { grepTool } from "./grep.ts";
import { listTool } from "./list.ts";
import { patchTool } from "./patch.ts";
import { readTool } from "./read.ts";
import { removeTool } from "./remove.ts";
import { renameTool } from "./rename.ts";
import { shellTool } from "./shell.ts";
import { writeTool } from "./write.ts";

const makers = [
  readTool,
  listTool,
  globTool,
  grepTool,
  editTool,
  patchTool,
  writeTool,
  removeTool,
  renameTool,
  shellTool,
] as const;

export function fileTools(workplace: Workplace): readonly Tool[] {
  return makers.map((make) => make(workplace));
}
