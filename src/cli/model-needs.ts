/** What a run with models needs before it begins: agents that there are, keys, and prices where a budget counts dollars. */
import os from "node:os";
import path from "node:path";
import { findRole } from "../agent/roles/built-in.ts";
import { type BroughtRoles, readRoles, withBuiltInRoles } from "../agent/roles/read-roles.ts";
import { defaultBaseUrl, defaultKeyName } from "../config/schema.ts";
import { Failure } from "../core/failure.ts";
import { meantAdvice } from "../core/nearest.ts";
import type { PlanFile } from "../core/plan.ts";
import { type Problem, problemsFailure, shown } from "../core/problem.ts";
import type { ModelSettings, Settings } from "../core/settings.ts";
import { knowsPrice } from "../host/model-price.ts";

/** The models that the units of the plan, and the judges between them, are worked on with; by the worker's name. */
export function modelsOf(
  settings: Settings,
  plan: Pick<PlanFile, "units">,
): ReadonlyMap<string, ModelSettings> {
  const names = new Set(plan.units.map((unit) => unit.worker ?? settings.worker));
  const models = [...names].flatMap((name) => {
    const worker = settings.workers[name];
    return worker?.type === "model" ? [[name, worker] as const] : [];
  });
  return new Map(models);
}

/** Models that may be asked beside the units' own workers: by a role that names one, as a judge, or for the run's summary. */
export function askedModels(settings: Settings, plan: PlanFile): readonly string[] {
  const sumsUp = (plan.aggregate ?? settings.aggregate) === "ai_summarize";
  const judges = plan.units.some(({ approaches = 1 }) => approaches > 1);
  if (!sumsUp && !judges && modelsOf(settings, plan).size === 0) return [];
  return Object.entries(settings.workers).flatMap(([name, { type }]) =>
    type === "model" ? [name] : [],
  );
}

/** Those of the repository and of the user. */
export async function broughtRoles(topLevel: string): Promise<BroughtRoles> {
  const home = os.homedir();
  const configHome = process.env["XDG_CONFIG_HOME"] || path.join(home, ".config");
  return readRoles({ repository: topLevel, configHome, home });
}

/** Throws a Failure for what would otherwise be found out in the middle of a run. */
export async function requireModels(settings: Settings, plan: PlanFile): Promise<void> {
  const models = modelsOf(settings, plan);
  await requireRoles(settings, plan);
  await requirePrices(settings, plan, models);
  for (const [name, model] of models) requireKey(name, model);
}

async function requireRoles(settings: Settings, plan: PlanFile): Promise<void> {
  const roles = await withBuiltInRoles(settings.roles);
  const names = roles.map(({ name }) => name);
  const problems = plan.units.flatMap((unit, at): readonly Problem[] => {
    const named = typeof unit.agent === "string" ? [unit.agent] : (unit.agent ?? []);
    return named
      .filter((name) => findRole(roles, name) === undefined)
      .map((name) => {
        const message = `there is no agent ${shown(name)}`;
        return { field: `units[${at}].agent`, message, ...meantAdvice(name, names) };
      });
  });
  if (problems.length > 0) throw problemsFailure("plan_wrong", "the plan", problems);
  // A rule for nobody would protect from nothing.
  const rules = [...new Set(settings.policy.map(({ role }) => role))].flatMap(
    (role): readonly Problem[] => {
      if (role === "*" || roles.some(({ name }) => name === role)) return [];
      const message = `there is no agent ${shown(role)} that these rules could be for`;
      return [{ field: `tools.${role}`, message, ...meantAdvice(role, names) }];
    },
  );
  if (rules.length > 0) throw problemsFailure("config_wrong", "the config", rules);
}

/** A budget in dollars that nobody could hold is an error, not a budget that silently does nothing. */
async function requirePrices(
  settings: Settings,
  plan: PlanFile,
  models: ReadonlyMap<string, ModelSettings>,
): Promise<void> {
  const { agent, unit, run } = settings.budget;
  const budgets = [agent, unit, run, ...plan.units.map((one) => one.budget ?? {})];
  if (budgets.every(({ usd }) => usd === undefined)) return;
  for (const [name, model] of models) {
    if (await knowsPrice(model)) continue;
    const message = `nobody knows the price of ${shown(model.model)}, so the budget in USD cannot be held`;
    throw new Failure("usage", "unknown_price", message, {
      advice: `give its price (workers.${name}.price, USD per million tokens), or a budget in tokens`,
    });
  }
}

/** A key that was named and is not there is worth a word, even where none may be needed. */
export function keyWarnings(settings: Settings, plan: PlanFile): readonly string[] {
  return [...modelsOf(settings, plan)].flatMap(([name, { apiKeyEnv }]) =>
    apiKeyEnv === defaultKeyName || (process.env[apiKeyEnv] ?? "").trim() !== ""
      ? []
      : [`${apiKeyEnv} is not set: the worker ${name} asks its endpoint without a key`],
  );
}

/** A server of one's own may need no key; the default endpoint does. */
function requireKey(name: string, { baseURL, apiKeyEnv }: ModelSettings): void {
  const isSet = (process.env[apiKeyEnv] ?? "").trim() !== "";
  if (isSet || baseURL.replace(/\/+$/, "") !== defaultBaseUrl) return;
  throw new Failure("provider", "no_key", `${apiKeyEnv} is not set, and ${name} needs a key`, {
    advice: `export ${apiKeyEnv}=…, or name another endpoint (workers.${name}.baseURL)`,
  });
}
