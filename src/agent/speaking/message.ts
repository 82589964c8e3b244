/** `message`: to the agent that started this one, to its subagents, to another agent or unit. A subagent that has ended is
 *  spoken to again by it: it goes on with all that it knows, on what is left of its budget. */
import * as z from "zod";
import { invariant } from "../../core/failure.ts";
import type { AgentDoor, Subagents } from "../agent-door.ts";
import type { Surroundings } from "../surroundings.ts";
import { type Tool, tool } from "../tool.ts";

const textMax = 10_000;

const shape = z.strictObject({
  to: z
    .string()
    .min(1)
    .max(200)
    .describe("parent, the agentId of a subagent, a unit, or unit/agent"),
  text: z.string().min(1).max(textMax),
});

export function messageTool(around: Surroundings, agent: AgentDoor, subagents: Subagents): Tool {
  return tool({
    name: "message",
    description:
      "Sends a message. It is read at the receiver's next turn, and not answered in this call. Your own subagent that has ended goes on with it, with all that it knows; then its new result comes back.",
    shape,
    effect: "changes",
    effectOf: ({ to }) => (subagents.isEnded(agent, to) ? "starts" : "changes"),
    call: async ({ to, text }, _signal, at) => {
      if (subagents.isEnded(agent, to)) {
        invariant(at !== undefined, "an agent tells which call it makes");
        return subagents.speak(agent, to, text, at);
      }
      const receiver = receiverOf(around, agent, to);
      if (receiver === undefined) {
        return { type: "failed", text: "you have no parent: ask a person with ask" };
      }
      const told = await around.desk.send(agent.id, receiver, text);
      return told.type === "done"
        ? { type: "done", text: `sent to ${receiver}` }
        : { type: "failed", text: told.why };
    },
  });
}

/** As the desk names it: a unit, or `unit/agent`. */
function receiverOf({ unit }: Surroundings, agent: AgentDoor, to: string): string | undefined {
  if (to === "parent") return agent.parent === undefined ? undefined : `${unit}/${agent.parent}`;
  if (to === agent.parent || isRelative(agent, to)) return `${unit}/${to}`;
  return to;
}

/** One of its own line: above it, below it or beside it. */
function isRelative({ id }: AgentDoor, to: string): boolean {
  const [first] = id.split(".");
  return !to.includes("/") && to.split(".")[0] === first;
}
