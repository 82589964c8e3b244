/** The plan of a goal alone, made by a model: what it needs is made here and handed to the planner. Whatever becomes of it, nothing of
 *  it stays but a cache of the survey. */
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { readConventions } from "../agent/conventions.ts";
import { findRole } from "../agent/roles/built-in.ts";
import { withBuiltInRoles } from "../agent/roles/read-roles.ts";
import { rulingOf } from "../agent/ruling.ts";
import type { ReadConfig } from "../config/read-config.ts";
import { Account } from "../core/budget.ts";
import type { Failure } from "../core/failure.ts";
import type { RepoPath, Sha, UnitId } from "../core/id.ts";
import { meantAdvice } from "../core/nearest.ts";
import type { PlanFile } from "../core/plan.ts";
import { type PlanFacts, problemsButSharing } from "../core/plan-problem.ts";
import { type Problem, shown } from "../core/problem.ts";
import { planningToolNames, type Role } from "../core/role.ts";
import type { ModelSettings } from "../core/settings.ts";
import type { Spend } from "../core/spend.ts";
import type { Survey } from "../core/survey.ts";
import { openObjects } from "../git/objects.ts";
import type { TreeEntry } from "../git/tree.ts";
import { stateHome } from "../host/file.ts";
import { type Interrupt, onInterrupt } from "../host/interrupt.ts";
import { type ModelPlan, planByModel } from "../plan/model-planner.ts";
import type { RunRequest } from "./doors.ts";
import { usage } from "./failure.ts";
import { makeRoster, modelAccess } from "./make-model-worker.ts";
import { firstModel } from "./make-workers.ts";
import { broughtRoles, requireModels } from "./model-needs.ts";
import { redactOf } from "./secrets.ts";
import type { MadePlan, PlanningFacts } from "./static-plan.ts";
import { requireTrust, untrusted } from "./untrusted.ts";

export interface ModelPlanFacts extends PlanningFacts {
  readonly planFacts: PlanFacts;
  readonly read: ReadConfig;
  /** Hears what the planner does. */
  readonly tell: (text: string) => void;
}

export interface PlanOfModel extends MadePlan {
  /** What the plan would run: trusted once a person has approved it. */
  readonly commands: readonly string[];
  readonly spend: Spend;
}

const again = "type the same command again: no run has begun";

type GoalRequest = RunRequest & { readonly goal: string };

/** Throws a Failure where there is no model, where the repository's word for it is not trusted, or where it makes no plan. */
export async function modelPlan(request: GoalRequest, facts: ModelPlanFacts): Promise<PlanOfModel> {
  const { repository, settings, read } = facts;
  const model = firstModel(settings);
  if (model === undefined) throw noPlanner();
  const brought = await broughtRoles(repository.topLevel);
  const asked = askedOf(request.goal, model.name);
  const { files: roleFiles, roles: broughtHere } = brought;
  const found = { read, settings, plan: asked, roleFiles };
  requireTrust({ untrusted: await untrusted(stateHome(), repository, request, found) });
  await requireModels({ ...settings, roles: broughtHere }, asked);
  const roles = await withBuiltInRoles(broughtHere);
  const { run: limit, warnAt } = settings.budget;
  const account = new Account({ level: "run", name: "run", limit, warnAt });
  const { plan, notes } = await interruptible((signal) =>
    planned(request, { ...facts, model, roles, account }, signal),
  );
  const commands = plan.units.flatMap(({ checks }) => checks.map(({ run }) => String(run)));
  return {
    read: { type: "plan", plan },
    warnings: [...brought.warnings, ...notes],
    commands: [...new Set(commands)],
    spend: account.spent,
  };
}

interface Planning extends ModelPlanFacts {
  readonly model: { readonly name: string; readonly told: ModelSettings };
  readonly roles: readonly Role[];
  readonly account: Account;
}

async function planned(
  { goal, units }: GoalRequest,
  { survey: readSurvey, ...facts }: Planning,
  signal: AbortSignal,
): Promise<ModelPlan> {
  const { repository, settings, entries, base, planFacts, model, roles, account, tell } = facts;
  const folder = await mkdtemp(path.join(os.tmpdir(), "pleach-plan-"));
  const objects = openObjects(repository, { signal });
  try {
    const survey = (await readSurvey()) ?? unsurveyed(base, entries);
    signal.throwIfAborted();
    const access = await modelAccess(model.name, model.told);
    const root = { owns: [], files: ["AGENTS.md" as RepoPath] };
    const { limits, budget, policy } = settings;
    return await planByModel(
      {
        ...{ goal, survey, units, roles, unitsMax: limits.units, concurrency: limits.concurrency },
        context: settings.context === undefined ? [] : [settings.context],
        conventions: await readConventions(repository, base, root, signal),
        place: { home: repository, commit: base, entries, objects },
        problemsOf: (plan) => [
          ...problemsButSharing(plan, planFacts),
          ...roleProblems(plan, roles),
        ],
      },
      {
        access: { ...access, model: { ...access.model, again } },
        ...{ account, folder, agentBudget: budget.agent, turnsMax: limits.turns },
        timeoutMs: limits.agentTimeoutMs,
        roster: makeRoster(settings),
        // The rules of a repository are about what may be done in it; without these two there would be no plan.
        decide: (question) =>
          planningToolNames.some((name) => name === question.tool)
            ? { decision: "allow" }
            : rulingOf(policy, question),
        redact: (await redactOf(settings)) ?? ((text: string) => text),
        report: tell,
        now: Date.now,
      },
      signal,
    );
  } finally {
    await objects.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Of more files than are surveyed: their names. */
function unsurveyed(base: Sha, entries: readonly TreeEntry[]): Survey {
  const files = entries.map(({ path: file, mode, size = 0 }) => {
    const kind = mode === "160000" ? ("submodule" as const) : ("text" as const);
    return { path: file, kind, bytes: size, offers: [], outside: [] };
  });
  return { base, files, imports: [], cochanges: [], hubs: [], notes: [] };
}

function roleProblems({ units }: PlanFile, roles: readonly Role[]): readonly Problem[] {
  const names = roles.map(({ name }) => name);
  return units.flatMap(({ agent }, at): readonly Problem[] => {
    if (typeof agent !== "string" || findRole(roles, agent) !== undefined) return [];
    const message = `there is no agent ${shown(agent)}`;
    return [{ field: `units[${at}].agent`, message, ...meantAdvice(agent, names) }];
  });
}

/** What is asked about before a model is: as if one unit were worked on by it. */
function askedOf(goal: string, worker: string): PlanFile {
  const unit = {
    id: "plan" as UnitId,
    title: "",
    instructions: "",
    owns: [],
    after: [],
    checks: [],
  };
  return { version: 1, goal, units: [{ ...unit, worker }], doneWhen: [] };
}

/** Ctrl-C ends the planning, which cleans up behind itself, and then the process as if nobody had listened. */
async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  let by: Interrupt | undefined;
  const listening = onInterrupt({
    first: (signal) => {
      by = signal;
      stop.abort();
    },
    second: () => undefined,
  });
  try {
    return await work(stop.signal);
  } finally {
    listening.dispose();
    if (by !== undefined) process.kill(process.pid, by);
  }
}

function noPlanner(): Failure {
  const why =
    "a goal alone is split into units by a model, and no worker of type model is configured";
  const example = "`pleach plan GOAL --files 'src/**'`, or `pleach run --plan plan.json`";
  return usage("no_planner", why, `configure one under workers, or say the files: ${example}`);
}
