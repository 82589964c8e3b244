/** A plan to the text that `plan --out` saves: what it writes, `readPlanFile` reads back the same. */
import { defaultCheckTimeoutMs } from "../config/schema.ts";
import type { TextFormat } from "../config/text-document.ts";
import { durationText } from "../core/duration.ts";
import {
  type Check,
  type Completion,
  isMatchCheck,
  type PlanFile,
  type Unit,
} from "../core/plan.ts";
import { matchCheckSaid } from "./completion-shape.ts";

export async function writePlan(plan: PlanFile, format: TextFormat = "json"): Promise<string> {
  const said = planSaid(plan);
  if (format === "json") return `${JSON.stringify(said, undefined, 2)}\n`;
  const yaml = await import("yaml");
  return yaml.stringify(said, { schema: "core", aliasDuplicateObjects: false, lineWidth: 0 });
}

function planSaid(plan: PlanFile): object {
  return {
    version: plan.version,
    goal: plan.goal,
    ...(plan.context === undefined ? {} : { context: plan.context }),
    ...(plan.base === undefined ? {} : { base: plan.base }),
    ...(plan.aggregate === undefined ? {} : { aggregate: plan.aggregate }),
    units: plan.units.map(unitSaid),
    ...(plan.doneWhen.length === 0 ? {} : { doneWhen: plan.doneWhen.map(completionSaid) }),
  };
}

function unitSaid(unit: Unit): object {
  const { after, checks, ...rest } = unit;
  return {
    ...rest,
    ...(after.length === 0 ? {} : { after }),
    ...(checks.length === 0 ? {} : { checks: checks.map(checkSaid) }),
  };
}

function completionSaid(completion: Completion): string | object {
  if (!isMatchCheck(completion)) return checkSaid(completion);
  const { timeoutMs } = completion;
  const said = matchCheckSaid(completion);
  return timeoutMs === defaultCheckTimeoutMs ? said : { ...said, timeout: durationText(timeoutMs) };
}

function checkSaid(check: Check): string | object {
  const isDefault = check.timeoutMs === defaultCheckTimeoutMs;
  if (isDefault && typeof check.run === "string" && check.name === check.run) return check.run;
  return {
    name: check.name,
    run: check.run,
    ...(isDefault ? {} : { timeout: durationText(check.timeoutMs) }),
  };
}
