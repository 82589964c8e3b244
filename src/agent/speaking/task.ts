/** `task`: starts a subagent in this process, with its own conversation. Only its end comes back. */
import * as z from "zod";
import { invariant } from "../../core/failure.ts";
import type { AgentDoor, Subagents } from "../agent-door.ts";
import type { Surroundings } from "../surroundings.ts";
import { type Tool, tool } from "../tool.ts";

const textMax = 100_000;
const turnsMax = 1000;

const shape = z.strictObject({
  description: z
    .string()
    .min(1)
    .max(textMax)
    .describe("All that it must know: it sees nothing of your conversation"),
  subagent_type: z.string().min(1).max(64).optional().describe("Its role; general if absent"),
  prompt: z
    .string()
    .min(1)
    .max(textMax)
    .optional()
    .describe("A system prompt in the place of the role's own"),
  max_turns: z.int().min(1).max(turnsMax).optional(),
  background: z
    .boolean()
    .optional()
    .describe("Go on meanwhile; you are told of its end in a later turn"),
  verify: z
    .string()
    .min(1)
    .max(10_000)
    .optional()
    .describe("A command that must pass before it may end"),
  aggregate: z
    .enum(["concatenate", "structured_merge", "ai_summarize", "pipeline"])
    .optional()
    .describe(
      "How the results of its own subagents become its result; tasks of one turn with the same are also given to you as one",
    ),
});

export function taskTool(around: Surroundings, agent: AgentDoor, subagents: Subagents): Tool {
  const { depth, agentsPerParent } = around.roster.limits;
  return tool({
    name: "task",
    description: `Starts a subagent that does one task and reports its result. Several in one turn work side by side, at most ${agentsPerParent} at once, ${depth} levels deep. They share your worktree: give them separate files. Roles: ${around.roleNames.join(", ")}; fork is you yourself, with all that you know so far.`,
    shape,
    effect: "starts",
    call: (given, _signal, at) => {
      invariant(at !== undefined, "an agent tells which call it makes");
      return subagents.start(agent, given, at);
    },
  });
}
