/** `ask`: a question to the person who runs this. It waits; where nobody is there, the agent waits until somebody is. */
import * as z from "zod";
import type { AgentDoor } from "../agent-door.ts";
import type { Surroundings } from "../surroundings.ts";
import { type Tool, tool } from "../tool.ts";

const questionMax = 5000;

const shape = z.strictObject({ question: z.string().min(1).max(questionMax) });

export function askTool({ desk }: Surroundings, agent: AgentDoor): Tool {
  return tool({
    name: "ask",
    description:
      "Asks the person who runs this, and waits for the answer. Only for what you can neither find out nor decide yourself.",
    shape,
    // Asked again after a restart it has the answer that was given.
    effect: "reads",
    call: async ({ question }, signal) => {
      const asked = { agent: agent.id, kind: "question", content: question } as const;
      const answer = await agent.away(() => desk.ask(asked, signal));
      if (answer.type === "nobody") return { type: "parked" };
      const said = answer.text === undefined || answer.text === "" ? "" : `: ${answer.text}`;
      return { type: "done", text: `${answer.type === "approved" ? "yes" : "no"}${said}` };
    },
  });
}
