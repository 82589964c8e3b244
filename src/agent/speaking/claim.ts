/** `claim`: asks for paths that the unit does not own. */
import { lstatSync } from "node:fs";
import nodePath from "node:path";
import * as z from "zod";
import type { RepoPath } from "../../core/id.ts";
import type { AgentDoor } from "../agent-door.ts";
import type { Surroundings } from "../surroundings.ts";
import { type Tool, tool } from "../tool.ts";

const pathsMax = 50;
const pathMax = 1000;

const path = z
  .string()
  .min(1)
  .max(pathMax)
  .refine((said) => isInside(said), "must be a path from the root of the repository, with /");

const shape = z.strictObject({ paths: z.array(path).min(1).max(pathsMax) });

export function claimTool({ desk, worktree }: Surroundings, agent: AgentDoor): Tool {
  return tool({
    name: "claim",
    description:
      "Asks for paths that your unit does not own: all of them or none. It is granted where no other unit owns them and they are not protected.",
    shape,
    effect: "changes",
    call: async ({ paths }) => {
      const folder = paths.find((file) => isFolder(nodePath.join(worktree, file)));
      if (folder !== undefined) {
        return { type: "failed", text: `${folder} is a folder: name the files in it, one by one` };
      }
      const answer = await desk.claim(agent.id, paths as readonly string[] as readonly RepoPath[]);
      if (answer.type === "granted") {
        return { type: "done", text: `you may change ${paths.join(", ")} now` };
      }
      const owner =
        answer.owner === undefined ? "" : ` Say with message to ${answer.owner} what you need.`;
      return { type: "failed", text: `not granted: ${answer.why}.${owner}` };
    },
  });
}

function isFolder(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false })?.isDirectory() === true;
}

function isInside(said: string): boolean {
  const parts = said.split("/");
  return parts.every(
    (part) => part !== "" && part !== "." && part !== ".." && part.toLowerCase() !== ".git",
  );
}
