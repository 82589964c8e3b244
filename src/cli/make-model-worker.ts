/** The worker that is a model, made real: its models, its policy, its roles, and the places that its agents may see. */
import { readConventions } from "../agent/conventions.ts";
import { type Redact, redacted } from "../agent/redaction.ts";
import { withBuiltInRoles } from "../agent/roles/read-roles.ts";
import { Roster } from "../agent/roster.ts";
import { rulingOf } from "../agent/ruling.ts";
import { shellSandbox } from "../agent/shell-sandbox.ts";
import type { ModelAccess } from "../agent/surroundings.ts";
import { isProtected, type Ownership } from "../core/ownership.ts";
import type { Role } from "../core/role.ts";
import type { ModelSettings, Settings } from "../core/settings.ts";
import type { Judge, Place, Worker } from "../core/worker.ts";
import type { Repository } from "../git/repository.ts";
import { letMemoryGrow } from "../host/memory.ts";
import { createModel } from "../host/model.ts";
import { modelLanes } from "../host/model-lane.ts";
import type { Sandbox } from "../host/sandbox.ts";
import { startApart } from "../host/starter.ts";
import type { HandsParts } from "../run/hands-parts.ts";
import { createApproachJudge } from "../work/approach-judge.ts";
import { createEarlyGate } from "../work/early-gate.ts";
import { createModelWorker } from "../work/model-worker.ts";

export interface ModelParts {
  readonly repository: Repository;
  readonly settings: Settings;
  readonly ownership: Ownership;
  readonly roster: Roster;
  readonly redact: Redact;
  readonly sandbox: ((place: Place) => Sandbox) | undefined;
}

/** One roster for all units of a run. */
export function makeRoster({ limits }: Settings): Roster {
  const { agents, agentsPerParent, agentsPerRun, depth } = limits;
  return new Roster({ agents, agentsPerParent, agentsPerRun, depth });
}

export async function makeModelWorker(
  name: string,
  told: ModelSettings,
  parts: ModelParts,
): Promise<Worker> {
  const { settings, ownership, repository, roster, redact, sandbox } = parts;
  letMemoryGrow();
  startApart();
  const roles = await withBuiltInRoles(settings.roles);
  const models = await modelsOf(name, told, settings, roles);
  const isGuarded = isProtected(settings.protected);
  const { commonDir } = repository;
  return createModelWorker({
    name,
    modelOf: (named) => models.get(isInherited(named) ? undefined : named),
    roster,
    roles,
    turnsMax: settings.limits.turns,
    agentTimeoutMs: settings.limits.agentTimeoutMs,
    agentBudget: settings.budget.agent,
    decide: (question) => rulingOf(settings.policy, question),
    shell: settings.shell,
    checkSandbox: sandbox,
    shellSandbox: sandbox === undefined ? undefined : (place) => shellPlace(parts, place),
    ownerOf: ownership.ownerOf,
    isProtected: isGuarded,
    earlyGate: createEarlyGate({ commonDir, ownership, isProtected: isGuarded }),
    conventionsOf: ({ base, owns, files }, signal) =>
      readConventions(repository, base, { owns, files }, signal),
    redact,
    now: Date.now,
  });
}

/** The commands of agents see less than a worker that a person chose. */
function shellPlace({ repository, settings }: ModelParts, { worktree }: Place): Sandbox {
  const { network, caches } = settings.shell;
  return shellSandbox({ worktree, gitDirs: [repository.commonDir], network, caches });
}

export async function makeApproachJudge(
  name: string,
  told: ModelSettings,
  settings: Settings,
  redact: Redact,
): Promise<Judge> {
  return createApproachJudge(await modelAccess(name, told), settings.budget.agent, redact);
}

export async function makeRunSummary(
  name: string,
  told: ModelSettings,
  settings: Settings,
  redact: Redact,
): Promise<NonNullable<HandsParts["summarise"]>> {
  const model = await modelAccess(name, told);
  const { summariseRun } = await import("../work/run-summary.ts");
  return async (results, account, signal) => {
    const { agent: budget } = settings.budget;
    const summary = await summariseRun({ access: model, budget, results, account }, signal);
    return redacted(summary, redact);
  };
}

/** The field's words for the model of whoever asks; another maker's names mean nothing at this endpoint. */
const inherited = ["inherit", "default", "sonnet", "opus", "haiku"];

export function isInherited(named: string | undefined): boolean {
  return named === undefined || inherited.includes(named.toLowerCase());
}

/** By the name that a role gives: another worker of type model, else a model's name at the same endpoint. */
async function modelsOf(
  name: string,
  told: ModelSettings,
  settings: Settings,
  roles: readonly Role[],
): Promise<ReadonlyMap<string | undefined, ModelAccess>> {
  const models = new Map<string | undefined, ModelAccess>();
  models.set(undefined, await modelAccess(name, told));
  for (const { model } of roles) {
    if (model === undefined || isInherited(model) || models.has(model)) continue;
    const other = Object.hasOwn(settings.workers, model) ? settings.workers[model] : undefined;
    const meant = other?.type === "model" ? other : { ...told, model };
    models.set(model, await modelAccess(model, meant));
  }
  return models;
}

export async function modelAccess(name: string, told: ModelSettings): Promise<ModelAccess> {
  const { window, outputTokensMax, baseURL } = told;
  const model = await createModel(told, { name, key: process.env[told.apiKeyEnv] });
  return { model, window, outputTokensMax, lane: modelLanes.of(baseURL) };
}
