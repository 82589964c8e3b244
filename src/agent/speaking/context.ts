/** `context_read` and `context_write`: the values that all agents of a run share. */
import * as z from "zod";
import type { Json } from "../../core/plan.ts";
import type { AgentDoor } from "../agent-door.ts";
import type { Surroundings } from "../surroundings.ts";
import { type Tool, tool } from "../tool.ts";

const keyMax = 100;
const valueCharactersMax = 16_000;

const key = z
  .string()
  .min(1)
  .max(keyMax)
  .regex(/^[\w.:/-]+$/, "must be of letters, digits and . : / _ -");

const readShape = z.strictObject({ key: key.optional() });
const writeShape = z.strictObject({ key, value: z.json() });

export function contextReadTool({ desk }: Surroundings): Tool {
  return tool({
    name: "context_read",
    description:
      "Reads a value that the agents of this run share, with who wrote it; without a key, the names of all.",
    shape: readShape,
    effect: "reads",
    call: async (given) => {
      const context = desk.context();
      if (given.key === undefined) {
        const names = Object.keys(context).sort();
        const text = names.length === 0 ? "nothing is shared yet" : names.join("\n");
        return { type: "done", text, isForeign: true };
      }
      const entry = Object.hasOwn(context, given.key) ? context[given.key] : undefined;
      if (entry === undefined) return { type: "failed", text: `there is no value ${given.key}` };
      const { value, by, at } = entry;
      const text = JSON.stringify({ value, by, at: new Date(at).toISOString() });
      return { type: "done", text, isForeign: true };
    },
  });
}

export function contextWriteTool({ desk }: Surroundings, agent: AgentDoor): Tool {
  return tool({
    name: "context_write",
    description:
      "Writes a value that all agents of this run can read, such as a decision that others must keep to. null removes it.",
    shape: writeShape,
    effect: "changes",
    call: async (given) => {
      const { length } = JSON.stringify(given.value);
      if (length > valueCharactersMax) {
        const text = `the value has ${length} characters as JSON; at most ${valueCharactersMax} are kept`;
        return { type: "failed", text };
      }
      const told = await desk.writeContext(agent.id, given.key, given.value as Json);
      return told.type === "done"
        ? { type: "done", text: given.value === null ? "removed" : "written" }
        : { type: "failed", text: told.why };
    },
  });
}
