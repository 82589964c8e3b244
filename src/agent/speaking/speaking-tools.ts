/** The tools by which agents speak: to subagents, to each other, to the run and to people, in a stable order. */
import type { AgentDoor, Subagents } from "../agent-door.ts";
import type { Surroundings } from "../surroundings.ts";
import type { Tool } from "../tool.ts";
import { askTool } from "./ask.ts";
import { claimTool } from "./claim.ts";
import { contextReadTool, contextWriteTool } from "./context.ts";
import { finishTool } from "./finish.ts";
import { inboxTool } from "./inbox.ts";
import { messageTool } from "./message.ts";
import { taskTool } from "./task.ts";

export function speakingTools(
  around: Surroundings,
  agent: AgentDoor,
  subagents: Subagents,
): readonly Tool[] {
  return [
    taskTool(around, agent, subagents),
    messageTool(around, agent, subagents),
    inboxTool(around, agent),
    contextReadTool(around),
    contextWriteTool(around, agent),
    claimTool(around, agent),
    askTool(around, agent),
    finishTool(agent.role),
  ];
}
