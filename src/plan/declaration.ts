/** The plan as a model declares it: the arguments of its one tool call, and what is made of them. */
import * as z from "zod";
import { defaultCheckTimeoutMs } from "../config/schema.ts";
import type { Glob, UnitId } from "../core/id.ts";
import type { Check, PlanFile, Unit } from "../core/plan.ts";

const unitsMax = 1000;
const textMax = 20_000;
const listMax = 2000;

const line = z.string().min(1).max(500);

const unit = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, "is no id: a-z, 0-9 and -, at most 40 characters"),
  title: line.max(200),
  instructions: z
    .string()
    .min(1)
    .max(textMax)
    .describe(
      "All that its worker needs to know: it sees neither this conversation nor the other units",
    ),
  owns: z
    .array(z.string().min(1).max(4096))
    .max(listMax)
    .describe(
      "Paths or globs from the repository's root that this unit alone may change, new files too; none for a unit that only finds something out",
    ),
  after: z
    .array(z.string())
    .max(listMax)
    .optional()
    .describe("Ids of units whose changes must be there before it begins"),
  agent: line.optional().describe("The role of its agent; coder if absent"),
  checks: z
    .array(line)
    .max(20)
    .optional()
    .describe(
      "Shell commands that must pass in its worktree. A person must approve each: only what is needed",
    ),
  budget: z
    .strictObject({
      tokens: z.int().min(1).optional(),
      usd: z.number().positive().optional(),
    })
    .optional()
    .describe("What it may spend at most"),
});

export const declarationShape = z.strictObject({ units: z.array(unit).min(1).max(unitsMax) });

export type Declaration = z.output<typeof declarationShape>;

export function declaredPlan(goal: string, { units }: Declaration): PlanFile {
  return { version: 1, goal, units: units.map(unitOf), doneWhen: [] };
}

function unitOf({
  id,
  title,
  instructions,
  owns,
  after,
  agent,
  checks,
  budget,
}: Declaration["units"][number]): Unit {
  const { tokens, usd } = budget ?? {};
  return {
    id: id as UnitId,
    title,
    instructions,
    owns: owns as readonly string[] as readonly Glob[],
    after: [...new Set(after ?? [])] as readonly string[] as readonly UnitId[],
    checks: [...new Set(checks ?? [])].map(checkOf),
    ...(agent === undefined ? {} : { agent }),
    ...(tokens === undefined && usd === undefined
      ? {}
      : {
          budget: {
            ...(tokens === undefined ? {} : { tokens }),
            ...(usd === undefined ? {} : { usd }),
          },
        }),
  };
}

function checkOf(run: string): Check {
  return { name: run, run, timeoutMs: defaultCheckTimeoutMs };
}
