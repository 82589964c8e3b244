/** The worker that is a model with tools: our own agents, one after the other in the unit's worktree. It is done when the
 *  assignment's checks pass there, whatever the model says. It must never commit, and never take a provider that cannot be
 *  used for work that failed. */
import path from "node:path";
import type { Judge } from "../agent/agent-door.ts";
import { Agents } from "../agent/agents.ts";
import type { Beginning } from "../agent/child.ts";
import { FileStates } from "../agent/file-state.ts";
import { PathLocks } from "../agent/path-locks.ts";
import { runPipeline, type StepResult } from "../agent/pipeline.ts";
import {
  type Convention,
  firstEntries,
  sharedText,
  systemPrompt,
  unitTask,
} from "../agent/prompt.ts";
import { redacted, redactedDesk } from "../agent/redaction.ts";
import { findRole } from "../agent/roles/built-in.ts";
import type { Roster } from "../agent/roster.ts";
import { shellEnvironment } from "../agent/shell-sandbox.ts";
import type { ModelAccess, Surroundings } from "../agent/surroundings.ts";
import type { MayChange, Workplace } from "../agent/tool.ts";
import { fileTools } from "../agent/tools/file-tools.ts";
import { transcriptsFolder } from "../agent/transcript.ts";
import type { AgentEnd } from "../agent/transcript-line.ts";
import type { Desk } from "../core/desk.ts";
import { Failure, unreachable } from "../core/failure.ts";
import type { UnitId } from "../core/id.ts";
import { matcherOf } from "../core/ownership.ts";
import type { Budget, Command } from "../core/plan.ts";
import type { Role } from "../core/role.ts";
import type { ShellSettings } from "../core/settings.ts";
import type { Assignment, Place, Worker, WorkOutcome } from "../core/worker.ts";
import { markOf } from "../host/process-tree.ts";
import { runProcess } from "../host/run-process.ts";
import type { Sandbox } from "../host/sandbox.ts";
import { checksJudge } from "./check-judge.ts";
import type { EarlyGate } from "./early-gate.ts";
import { howItEnded, whatWentWrong } from "./process-end.ts";
import { straysJudge } from "./stray-judge.ts";
import { oneLine, tailOf } from "./tail.ts";

/** The role of a unit that names none. */
const plainRole = "coder";
/** The loop stops an attempt at its timeout; this ends it where the loop could not. */
const timeoutGraceMs = 2000;

export interface ModelWorkerOptions {
  readonly name: string;
  /** For a role that names a model, or none; undefined where there is no such model. */
  readonly modelOf: (name: string | undefined) => ModelAccess | undefined;
  /** One for the whole run. */
  readonly roster: Roster;
  readonly roles: readonly Role[];
  /** Turns and time of one agent. */
  readonly turnsMax: number;
  readonly agentTimeoutMs: number;
  readonly agentBudget: Budget;
  readonly decide: Surroundings["decide"];
  readonly shell: ShellSettings;
  /** What hides the machine from checks, and what hides it from the commands of agents; absent where they run without. */
  readonly checkSandbox?: ((place: Place) => Sandbox) | undefined;
  readonly shellSandbox?: ((place: Place) => Sandbox) | undefined;
  readonly ownerOf: (path: string) => UnitId | undefined;
  readonly isProtected: (path: string) => boolean;
  /** What strays is given back while the agents are still there to mend it; without it only the end tells. */
  readonly earlyGate?: EarlyGate;
  readonly conventionsOf: (
    assignment: Assignment,
    signal: AbortSignal,
  ) => Promise<readonly Convention[]>;
  readonly redact: (text: string) => string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** The conversation goes on from the transcripts in the place's record, where there are any. */
export function createModelWorker(options: ModelWorkerOptions): Worker {
  return {
    name: options.name,
    async work(assignment, place, open, signal) {
      if (signal.aborted) return { type: "stopped" };
      const desk = redactedDesk(open, options.redact);
      const roles = rolesOf(options, assignment);
      const timeout = AbortSignal.timeout(assignment.timeoutMs + timeoutGraceMs);
      const ending = AbortSignal.any([signal, timeout]);
      const around = await surroundingsOf(options, { assignment, place, desk }, ending);
      const agents = new Agents(around, ending);
      try {
        const { end, answers } = await runPipeline({
          ...{ agents, roles },
          told: assignment.told ?? [],
          ...(assignment.aggregate === undefined ? {} : { aggregate: assignment.aggregate }),
          beginningOf: (role, before) => beginningOf(around, role, assignment, before),
          judgeOf: (role) => judgeOf(options, role, { assignment, place, desk }),
        });
        if (signal.aborted) return { type: "stopped" };
        const outcome = redacted(outcomeOf(end, assignment), options.redact);
        return answers && outcome.type === "done" ? { ...outcome, answers } : outcome;
      } finally {
        await agents.close();
      }
    },
  };
}

function rolesOf({ roles }: ModelWorkerOptions, { agents, unit }: Assignment): readonly Role[] {
  return (agents.length === 0 ? [plainRole] : agents).map((name) => {
    const role = findRole(roles, name);
    if (role !== undefined) return role;
    throw new Failure(
      "usage",
      "unknown_role",
      `the unit ${unit} names no role that there is: ${name}`,
      {
        advice: `name one of ${roles.map((each) => each.name).join(", ")} (see pleach agents)`,
      },
    );
  });
}

interface Work {
  readonly assignment: Assignment;
  readonly place: Place;
  readonly desk: Desk;
}

async function surroundingsOf(
  options: ModelWorkerOptions,
  { assignment, place, desk }: Work,
  signal: AbortSignal,
): Promise<Surroundings> {
  const { roster, roles, modelOf, agentBudget, turnsMax, decide, redact, now } = options;
  const { run, unit, attempt, approval = "auto" } = assignment;
  const locks = new PathLocks();
  const mayChange = changeable(options, assignment, desk);
  const outputs = path.join(place.record, "outputs");
  const shell = {
    sandbox: options.shellSandbox?.(place),
    env: shellEnvironment(),
    timeoutMs: options.shell.timeoutMs,
    mark: markOf({ run, unit, attempt }),
  };
  const { worktree } = place;
  const workplaceOf = (files: FileStates) => {
    return { worktree, mayChange, files, locks, outputs, redact, shell };
  };
  return {
    ...{ run, unit, attempt, desk, roster, modelOf, agentBudget, turnsMax, approval, decide },
    ...{ redact, now, fileTools, workplaceOf },
    timeoutMs: options.agentTimeoutMs,
    worktree,
    transcripts: path.join(place.record, transcriptsFolder),
    roleOf: (name) => findRole(roles, name),
    roleNames: roles.map(({ name }) => name),
    shared: sharedText(assignment, await options.conventionsOf(assignment, signal)),
    runCommand: (command, stopped) => runCommand(workplaceOf(new FileStates()), command, stopped),
  };
}

/** What the unit owns and what was granted to it, unless it is protected. */
function changeable(
  { ownerOf, isProtected }: ModelWorkerOptions,
  { unit, owns }: Assignment,
  desk: Desk,
): (file: string) => MayChange {
  const isOwned = matcherOf(owns);
  return (file) => {
    if (isProtected(file)) return { type: "no", isProtected: true };
    const isGranted = desk.claimed().some((path) => path === file);
    if (isOwned(file) || isGranted) return { type: "yes" };
    const owner = ownerOf(file);
    return {
      type: "no",
      isProtected: false,
      ...(owner === undefined || owner === unit ? {} : { owner }),
    };
  };
}

function beginningOf(
  around: Surroundings,
  role: Role,
  assignment: Assignment,
  before: readonly StepResult[],
): Beginning {
  return {
    role,
    kind: "spawn",
    system: systemPrompt(role),
    entries: firstEntries(around.shared, unitTask(assignment, before)),
    allowance: around.agentBudget,
    turnsMax: Math.min(role.turnsMax ?? around.turnsMax, around.turnsMax),
  };
}

/** Only who may change files is asked for green checks: before them they may be red for good reason. Whoever may run commands
 *  can stray. */
function judgeOf(
  options: ModelWorkerOptions,
  role: Role,
  { assignment, place, desk }: Work,
): Judge {
  const { run, unit, attempt, base, checks } = assignment;
  const { worktree, record } = place;
  const { ownerOf, isProtected, earlyGate, checkSandbox, redact } = options;
  const mark = markOf({ run, unit, attempt });
  const isMaker = mayChangeFiles(role);
  const checked: Judge = isMaker
    ? checksJudge(checks, { worktree, record, mark, redact, sandbox: checkSandbox?.(place) })
    : async () => ({ type: "good" });
  const inner: Judge = async (agent, signal) => {
    const { answers, changedIn, stints } = agent.conversation;
    // A mere answer hands in nothing that would have to be good.
    return answers && !changedIn.has(stints - 1) ? { type: "good" } : checked(agent, signal);
  };
  if (earlyGate === undefined || !(isMaker || role.tools?.includes("shell"))) return inner;
  const look = () => earlyGate(assignment, place, desk);
  return straysJudge({ look, base, unit, ownerOf, isProtected }, inner);
}

function mayChangeFiles({ tools }: Role): boolean {
  const changing = ["edit", "patch", "write", "remove", "rename"] as const;
  return tools === undefined || changing.some((tool) => tools.includes(tool));
}

async function runCommand(
  { worktree, shell, redact }: Workplace,
  command: Command,
  signal: AbortSignal,
): ReturnType<Surroundings["runCommand"]> {
  const { sandbox, env, mark, timeoutMs } = shell;
  const result = await runProcess({
    ...{ command, cwd: worktree, env, mark, timeoutMs, signal, redact },
    ...(sandbox === undefined ? {} : { sandbox }),
  });
  const wrong = whatWentWrong(result, timeoutMs);
  if (wrong === undefined) return { type: "passed" };
  const output = tailOf([result.stdoutTail, result.stderrTail].filter(Boolean).join("\n"));
  return { type: "failed", message: wrong, output };
}

function outcomeOf(end: AgentEnd, { timeoutMs }: Assignment): WorkOutcome {
  switch (end.type) {
    case "completed":
      return { type: "done", summary: end.summary, artifacts: [] };
    case "failed": {
      const { message, summary, why: reason, level } = end;
      const whose = level === undefined ? {} : { level };
      return { type: "failed", message: oneLine(message), summary, reason, ...whose };
    }
    case "cancelled":
      return { type: "failed", message: oneLine(end.message), summary: end.summary };
    case "parked":
      return end;
    case "stopped": {
      const message = howItEnded({ end: { type: "timed_out" } }, timeoutMs);
      return { type: "failed", message: `its agents ${message}`, summary: "" };
    }
    default:
      return unreachable(end);
  }
}
