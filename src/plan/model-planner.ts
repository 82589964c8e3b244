/** A goal in words becomes a plan by a model: an agent that can look into the base commit and ask its survey, and whose one outcome is
 *  the call that declares the plan. What it declares is judged as any plan is; whether units are disjoint is never its word. It must
 *  change nothing, and run nothing of the repository. */

import type { Judge } from "../agent/agent-door.ts";
import { Agents } from "../agent/agents.ts";
import type { FileStates } from "../agent/file-state.ts";
import { PathLocks } from "../agent/path-locks.ts";
import { type Convention, firstEntries, sharedText } from "../agent/prompt.ts";
import type { Roster } from "../agent/roster.ts";
import { shortened } from "../agent/shortened.ts";
import type { ModelAccess, Surroundings } from "../agent/surroundings.ts";
import type { Tool, Workplace } from "../agent/tool.ts";
import type { AgentEnd } from "../agent/transcript-line.ts";
import type { Account } from "../core/budget.ts";
import { Failure, unreachable } from "../core/failure.ts";
import type { RunId, UnitId } from "../core/id.ts";
import type { Budget, Json, PlanFile } from "../core/plan.ts";
import { type Problem, problemLine } from "../core/problem.ts";
import { type CommitPlace, commitTools } from "./commit-tools.ts";
import { type Declaring, declareTool, declaring } from "./declare-tool.ts";
import { planningDesk } from "./planning-desk.ts";
import { type PlanningTask, planningRole, planningTask } from "./planning-prompt.ts";
import { surveyTool } from "./survey-tool.ts";

export interface ModelPlanRequest extends PlanningTask {
  readonly goal: string;
  /** What every worker is told. */
  readonly context: readonly Json[];
  readonly conventions: readonly Convention[];
  readonly place: CommitPlace;
  /** Everything that is wrong with a plan but for units that share files. */
  readonly problemsOf: (plan: PlanFile) => readonly Problem[];
}

export interface PlannerParts {
  readonly access: ModelAccess;
  /** That of the run that is planned. */
  readonly account: Account;
  readonly agentBudget: Budget;
  readonly turnsMax: number;
  readonly timeoutMs: number;
  readonly roster: Roster;
  readonly decide: Surroundings["decide"];
  readonly redact: (text: string) => string;
  /** Absolute: a folder of its own that nobody needs afterwards. */
  readonly folder: string;
  readonly report: (text: string) => void;
  readonly now: () => number;
}

export interface ModelPlan {
  readonly plan: PlanFile;
  /** Which units were joined or put one after the other. */
  readonly notes: readonly string[];
}

/** So often a model may answer without declaring anything. */
const remindersMax = 3;

/** Throws a Failure where there is no plan in the end: `usage` for a model that declares none, `budget`, or `provider`. */
export async function planByModel(
  request: ModelPlanRequest,
  parts: PlannerParts,
  signal: AbortSignal,
): Promise<ModelPlan> {
  const declared = declaring(request.goal, {
    problemsOf: request.problemsOf,
    files: request.survey.files.flatMap(({ path, kind }) => (kind === "submodule" ? [] : [path])),
  });
  const around = surroundingsOf(request, parts, declared);
  const agents = new Agents(around, signal);
  try {
    const role = planningRole(request.roles);
    const agent = await agents.main(
      "planner",
      () => ({
        role,
        kind: "spawn",
        system: role.prompt,
        entries: firstEntries(around.shared, planningTask(request)),
        allowance: parts.agentBudget,
        turnsMax: parts.turnsMax,
      }),
      judgeOf(declared),
    );
    const end = await agents.workMain(agent, { number: 0, kind: "spawn" });
    signal.throwIfAborted();
    return planOf(end, declared);
  } finally {
    await agents.close();
  }
}

function judgeOf(declared: Declaring): Judge {
  let reminders = 0;
  return async () => {
    if (declared.accepted !== undefined) return { type: "good" };
    if (declared.isOver) {
      return { type: "bad", message: "the plans that it declared were wrong to the last" };
    }
    reminders += 1;
    if (reminders > remindersMax) {
      return { type: "bad", message: `it ended ${reminders} times without declaring one` };
    }
    const text =
      "Words are no plan: nobody reads them. Call declare_plan with the units, or look further first.";
    return { type: "again", from: "check", text };
  };
}

function planOf(end: AgentEnd, declared: Declaring): ModelPlan {
  if (end.type === "completed" && declared.accepted !== undefined) return declared.accepted;
  switch (end.type) {
    case "failed":
      if (end.why === "over_budget") {
        throw new Failure("budget", "over_budget", `planning came to an end: ${end.message}`, {
          advice: "raise the budget, or give --plan or --files, which need no model",
        });
      }
      throw noPlan(end.message, declared.problems);
    case "parked":
      throw new Failure("permission", "planning_waits", "planning would wait for an approval", {
        advice: "the planner only reads: let it (`tools` in the configuration), or give --plan",
      });
    case "completed":
    case "cancelled":
    case "stopped":
      throw noPlan("it was stopped", declared.problems);
    default:
      return unreachable(end);
  }
}

function noPlan(why: string, problems: readonly Problem[]): Failure {
  const [first] = problems;
  const last = first === undefined ? "" : ` (the last: ${problemLine(first)})`;
  return new Failure("usage", "no_plan", `the model made no plan: ${why}${last}`, {
    advice: "say the goal in other words, or give --plan or --files, which need no model",
    ...(problems.length === 0 ? {} : { details: { problems } }),
  });
}

function surroundingsOf(
  { goal, context, conventions, survey, place, roles }: ModelPlanRequest,
  parts: PlannerParts,
  declared: Declaring,
): Surroundings {
  const { access, account, agentBudget, turnsMax, timeoutMs, roster, folder, redact, now } = parts;
  const unit = "plan" as UnitId;
  const made = [...commitTools(place), surveyTool(survey), declareTool(declared)];
  const tools = made.map((tool) => told(tool, (text) => parts.report(redact(text))));
  const role = planningRole(roles);
  return {
    ...{ run: "planning" as RunId, unit, attempt: 1, roster, agentBudget, turnsMax, timeoutMs },
    ...{
      redact,
      now,
      transcripts: folder,
      worktree: folder,
      approval: "auto",
      decide: parts.decide,
    },
    desk: planningDesk(account.child({ level: "unit", name: unit, limit: {} }), parts.report),
    roleOf: () => role,
    roleNames: [role.name],
    modelOf: () => access,
    shared: sharedText({ goal, context }, conventions),
    workplaceOf: (files) => nowhere(folder, files, redact),
    fileTools: () => tools,
    runCommand: () => Promise.resolve({ type: "failed", message: "runs nothing", output: "" }),
  };
}

/** Whoever waits for the plan sees what it looks at. */
function told(tool: Tool, report: (text: string) => void): Tool {
  return {
    ...tool,
    call: (given, signal, at) => {
      const words = Object.values(given as object).filter((value) => typeof value === "string");
      report(shortened([tool.name, ...words].join(" ")));
      return tool.call(given, signal, at);
    },
  };
}

/** There is no worktree, and no tool that would need one. */
function nowhere(folder: string, files: FileStates, redact: (text: string) => string): Workplace {
  return {
    ...{ worktree: folder, outputs: folder, files, redact },
    mayChange: () => ({ type: "no", isProtected: false }),
    locks: new PathLocks(),
    shell: { sandbox: undefined, env: {}, timeoutMs: 0, mark: {} },
  };
}
