/** `inbox`: waits for a message. What arrives is told in the next turn, as every message is. */
import * as z from "zod";
import type { AgentDoor } from "../agent-door.ts";
import { newMessages } from "../inbox.ts";
import type { Surroundings } from "../surroundings.ts";
import { type Tool, tool } from "../tool.ts";

const secondsMax = 600;

const shape = z.strictObject({
  wait: z.int().min(0).max(secondsMax).optional().describe("Seconds to wait for one; 0 if absent"),
});

export function inboxTool(around: Surroundings, agent: AgentDoor): Tool {
  return tool({
    name: "inbox",
    description:
      "Tells whether there are messages for you, and waits for one if you like. New messages are shown to you at each turn without it.",
    shape,
    effect: "reads",
    call: async ({ wait = 0 }, signal) => {
      const waited = new AbortController();
      const timer = setTimeout(() => waited.abort(), wait * 1000);
      const both = AbortSignal.any([signal, waited.signal]);
      try {
        while (newMessages(agent, around).length === 0 && wait > 0 && !both.aborted) {
          const last = around.desk.messages(0).at(-1)?.id ?? 0;
          await agent.away(() => around.desk.untilMessage(last, both));
        }
      } finally {
        clearTimeout(timer);
      }
      const count = newMessages(agent, around).length;
      const text = count === 0 ? "there is no new message" : `new messages: ${count}; they follow`;
      return { type: "done", text };
    },
  });
}
