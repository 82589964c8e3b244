/** `finish`: the agent says that it is done, and gives its result as typed data. Whether it is done is for others to say. */
import * as z from "zod";
import type { Role } from "../../core/role.ts";
import { type Tool, tool } from "../tool.ts";

const dataCharactersMax = 100_000;
const reasonsMax = 50;
const reasonMax = 5000;

const data = z
  .json()
  .refine(
    (value) => JSON.stringify(value).length <= dataCharactersMax,
    `must have at most ${dataCharactersMax} characters as JSON`,
  );

const plain = z.strictObject({ data: data.optional().describe("Your result, any JSON") });

const verdict = z
  .strictObject({
    verdict: z.enum(["approved", "refused"]),
    reasons: z
      .array(z.string().min(1).max(reasonMax))
      .max(reasonsMax)
      .optional()
      .describe("What is wrong, where, and what would be right: one each"),
    data: data.optional(),
  })
  .refine(({ verdict: said, reasons = [] }) => said === "approved" || reasons.length > 0, {
    path: ["reasons"],
    message: "a refusal needs reasons",
  });

export function finishTool({ gate }: Role): Tool {
  const facts = { name: "finish", effect: "reads" } as const;
  if (gate === true) {
    return tool({
      ...facts,
      description: "Gives your verdict and ends your work.",
      shape: verdict,
      call: async (given) => ({ type: "finished", data: given }),
    });
  }
  return tool({
    ...facts,
    description:
      "Ends your work, with your result as data where words are not enough. Without it, your last words are your result.",
    shape: plain,
    call: async (given) => ({ type: "finished", data: given.data ?? null }),
  });
}
