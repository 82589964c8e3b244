/** The shape of a plan file, key by key. Units are read one by one, so that a wrong one does not hide what is wrong with
 *  the others. */
import * as z from "zod";
import { aggregate, budget, check, text } from "../config/schema.ts";
import { schemaProblems } from "../config/schema-problem.ts";
import type { Glob, UnitId } from "../core/id.ts";
import type { Json, PlanFile, Unit } from "../core/plan.ts";
import type { Problem } from "../core/problem.ts";
import { decodeCompletions } from "./completion-shape.ts";

const line = z.string().regex(/^[^\0]*$/, "holds a NUL character");

const planShape = z.strictObject({
  version: z.number(),
  goal: line,
  context: z.unknown().optional(),
  base: text.optional(),
  aggregate: aggregate.optional(),
  units: z.array(z.unknown()),
  doneWhen: z.array(z.unknown()).optional(),
});

const unitShape = z.strictObject({
  id: z.string(),
  title: line,
  instructions: line,
  owns: z.array(z.string()),
  after: z.array(z.string()).optional(),
  worker: text.optional(),
  agent: z
    .union([text, z.array(text).min(1, "must not be empty").max(20, "must have at most 20 agents")])
    .optional(),
  approaches: z
    .int("must be a whole number")
    .min(1, "must be at least 1")
    .max(10, "must be at most 10")
    .optional(),
  aggregate: aggregate.optional(),
  checks: z.array(check).optional(),
  approval: z.enum(["auto", "required"]).optional(),
  budget: budget.optional(),
  mayChangeNothing: z.boolean().optional(),
});

/** `draft` is what could be read of a plan that is wrong: for finding its other problems, never for running. */
export type ReadPlan =
  | { readonly type: "plan"; readonly plan: PlanFile }
  | { readonly type: "wrong"; readonly draft: PlanFile; readonly problems: readonly Problem[] };

export function decodePlan(value: Json): ReadPlan {
  const problems: Problem[] = [];
  const parsed = planShape.safeParse(value);
  if (!parsed.success) problems.push(...schemaProblems(planShape, value, parsed.error));
  const said = objectAt(value);
  const units = unitsOf(listAt(said.units), problems);
  const doneWhen = decodeCompletions(listAt(said.doneWhen), problems);
  const plan: PlanFile = {
    version: (typeof said.version === "number" ? said.version : 1) as 1,
    goal: parsed.data?.goal ?? "",
    ...(Object.hasOwn(said, "context") ? { context: said.context as Json } : {}),
    ...(parsed.data?.base === undefined ? {} : { base: parsed.data.base }),
    ...(parsed.data?.aggregate === undefined ? {} : { aggregate: parsed.data.aggregate }),
    units,
    doneWhen,
  };
  if (problems.length === 0) return { type: "plan", plan };
  return { type: "wrong", draft: plan, problems };
}

/** More than this no `limits.units` allows. */
const unitsMax = 100_000;

function unitsOf(said: readonly unknown[], problems: Problem[]): readonly Unit[] {
  if (said.length > unitsMax) {
    const message = `the plan has ${said.length} units, and none may have more than ${unitsMax}`;
    problems.push({ field: "units", message });
  }
  return said.slice(0, unitsMax).map((unit, at) => decodeUnit(unit, at, problems));
}

function decodeUnit(value: unknown, at: number, problems: Problem[]): Unit {
  const parsed = unitShape.safeParse(value);
  if (!parsed.success) {
    problems.push(...schemaProblems(unitShape, value, parsed.error, ["units", at]));
    return draftUnit(objectAt(value));
  }
  const { data } = parsed;
  return {
    id: data.id as UnitId,
    title: data.title,
    instructions: data.instructions,
    owns: data.owns as readonly string[] as readonly Glob[],
    after: (data.after ?? []) as readonly string[] as readonly UnitId[],
    checks: data.checks ?? [],
    ...(data.worker === undefined ? {} : { worker: data.worker }),
    ...(data.agent === undefined ? {} : { agent: data.agent }),
    ...(data.approaches === undefined ? {} : { approaches: data.approaches }),
    ...(data.aggregate === undefined ? {} : { aggregate: data.aggregate }),
    ...(data.approval === undefined ? {} : { approval: data.approval }),
    ...(data.budget === undefined ? {} : { budget: budgetOf(data.budget) }),
    ...(data.mayChangeNothing === true ? { mayChangeNothing: true } : {}),
  };
}

function budgetOf(said: {
  readonly tokens?: number | undefined;
  readonly usd?: number | undefined;
}) {
  return {
    ...(said.tokens === undefined ? {} : { tokens: said.tokens }),
    ...(said.usd === undefined ? {} : { usd: said.usd }),
  };
}

/** What can be used of a unit with problems, to find more of them. */
function draftUnit(said: Said): Unit {
  const worker = said.worker;
  return {
    id: (typeof said.id === "string" ? said.id : "") as UnitId,
    title: "",
    instructions: "",
    owns: textsAt(said.owns) as readonly Glob[],
    after: textsAt(said.after) as readonly UnitId[],
    checks: [],
    ...(typeof worker === "string" ? { worker } : {}),
  };
}

type Said = Readonly<
  Partial<
    Record<
      "version" | "units" | "doneWhen" | "context" | "id" | "owns" | "after" | "worker",
      unknown
    >
  >
>;

function objectAt(value: unknown): Said {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? (value as Said) : {};
}

function listAt(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textsAt(value: unknown): readonly string[] {
  return listAt(value).filter((one): one is string => typeof one === "string");
}
