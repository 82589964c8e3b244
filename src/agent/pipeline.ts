/** The agents of a unit, one after the other in one worktree, each given what those before it worked out. A gate among them
 *  judges: what it refuses goes back, with its reasons, to whoever made it, a few times at most. */
import { combine, type PartResult } from "../core/aggregate.ts";
import type { Message } from "../core/desk.ts";
import type { Aggregate, Json } from "../core/plan.ts";
import type { Role } from "../core/role.ts";
import type { Agent, Stint } from "./agent.ts";
import type { Judge } from "./agent-door.ts";
import type { Agents } from "./agents.ts";
import type { Beginning } from "./child.ts";
import { fence } from "./fence.ts";
import { messageText } from "./inbox.ts";
import { aggregated, ownResult, verdictJudge, verdictOf } from "./judge.ts";
import type { AgentEnd, AgentFinal } from "./transcript-line.ts";

/** How often a gate may send the work back. */
export const gateRoundsMax = 3;

export interface StepResult {
  readonly role: string;
  readonly summary: string;
}

export interface PipelineParts {
  readonly agents: Agents;
  readonly roles: readonly Role[];
  readonly aggregate?: Aggregate;
  /** What was said to the unit after it had ended, oldest first. */
  readonly told: readonly Message[];
  readonly beginningOf: (role: Role, before: readonly StepResult[]) => Beginning;
  /** What an agent that may change files must pass before it may end. */
  readonly judgeOf: (role: Role) => Judge;
}

export interface PipelineEnd {
  /** A completed end stands for the whole unit. */
  readonly end: AgentEnd;
  /** It answers what was said after the unit's end, and nothing was changed for it. */
  readonly answers: boolean;
}

/** First as if nothing had been said since, which costs nothing where all of it has ended; then what was said. */
export async function runPipeline(parts: PipelineParts): Promise<PipelineEnd> {
  const steps = stepsOf(parts.roles);
  let ended: PipelineEnd = { end: await runFrom(parts, steps, 0), answers: false };
  for (const message of parts.told) {
    if (ended.end.type === "parked" || ended.end.type === "stopped") break;
    ended = (await tell(parts, steps, message, ended.end)) ?? ended;
  }
  return ended;
}

/** Undefined where it was heard before, by one who was still at work. */
async function tell(
  parts: PipelineParts,
  steps: readonly Step[],
  message: Message,
  before: AgentFinal,
): Promise<PipelineEnd | undefined> {
  const at = listenerOf(steps, message, before);
  const step = steps[at];
  if (step?.agent === undefined) return undefined;
  const { agent, stints } = step;
  const isTold = agent.conversation.stints > stints;
  if (!isTold && steps.some((each) => (each.agent?.conversation.seen ?? 0) >= message.id)) {
    return undefined;
  }
  step.hears = { from: "inbox", text: messageText(message), upTo: message.id };
  const end = await work(parts, steps, at);
  if (end.type !== "completed") return { end, answers: false };
  if (!agent.conversation.changedIn.has(stints)) return { end, answers: true };
  step.done = end;
  for (const later of steps.slice(at + 1)) later.retell(lookAgain);
  return { end: await runFrom(parts, steps, at + 1), answers: false };
}

/** Whoever is named; else whoever ended all in vain, or speaks for all. */
function listenerOf(steps: readonly Step[], { agent }: Message, before: AgentFinal): number {
  const named = steps.findIndex(({ id, stints }) => id === agent && stints > 0);
  if (named >= 0) return named;
  const last = steps.findLastIndex(({ stints }) => stints > 0);
  if (before.type !== "completed") return last;
  const maker = steps.findLastIndex(({ isGate, stints }) => !isGate && stints > 0);
  return maker >= 0 ? maker : last;
}

async function runFrom(
  parts: PipelineParts,
  steps: readonly Step[],
  from: number,
): Promise<AgentEnd> {
  let rounds = 0;
  for (let at = from; at < steps.length; at += 1) {
    const step = steps[at];
    if (step === undefined) break;
    const end = await work(parts, steps, at);
    if (end.type !== "completed") return end;
    step.done = end;
    const reasons = refusalOf(step, end);
    const back = steps.findLastIndex((each, position) => position < at && !each.isGate);
    if (reasons === undefined || back < 0) continue;
    rounds += 1;
    if (rounds > gateRoundsMax) return givenUp(step, reasons, end);
    for (const later of steps.slice(back + 1, at + 1)) later.retell(lookAgain);
    steps[back]?.refuse(step.role.name, reasons);
    at = back - 1;
  }
  return whole(parts, steps);
}

const lookAgain =
  "The work was taken up again since, for the reasons that were given. Do your part again for what lies in the worktree now, and for what is said of it.";

class Step {
  readonly id: string;
  readonly role: Role;
  agent: Agent | undefined;
  /** Pieces of work that have ended. */
  stints = 0;
  /** What it is told where it works again. */
  hears: NonNullable<Stint["told"]> | undefined;
  done: AgentFinal | undefined;

  constructor(id: string, role: Role) {
    this.id = id;
    this.role = role;
  }

  get isGate(): boolean {
    return this.role.gate === true;
  }

  /** What it hears where it has worked before. */
  retell(text: string): void {
    this.hears = { from: "gate", text };
  }

  refuse(by: string, reasons: readonly string[]): void {
    const list = fence(reasons.map((reason) => `- ${reason}`).join("\n"), `reasons of the ${by}`);
    this.retell(
      `The ${by} has refused the work:\n\n${list}\n\nMend what is wrong, or say why it is right as it is.`,
    );
  }
}

/** Named by their roles; a role that comes again is numbered. */
function stepsOf(roles: readonly Role[]): readonly Step[] {
  return roles.map((role, at) => {
    const same = roles.slice(0, at).filter(({ name }) => name === role.name).length;
    return new Step(same === 0 ? role.name : `${role.name}-${same + 1}`, role);
  });
}

async function work(parts: PipelineParts, steps: readonly Step[], at: number): Promise<AgentEnd> {
  const step = steps[at];
  if (step === undefined) return { type: "stopped" };
  const before = steps.slice(0, at).map(({ role, done }) => ({
    role: role.name,
    summary: done === undefined ? "" : wordsOf(done),
  }));
  if (step.agent === undefined) {
    const next = { agent: step.id, role: step.role, after: before };
    const end = await parts.agents.consent(next);
    if (end !== undefined) return end;
  }
  step.agent ??= await parts.agents.main(
    step.id,
    () => parts.beginningOf(step.role, before),
    // Where there is nothing before it to judge, its words are its work.
    at === 0 ? judgeOf(parts, steps, at) : verdictJudge(step.role, judgeOf(parts, steps, at)),
  );
  const number = step.stints;
  const stint = { number, kind: number === 0 ? "spawn" : "resume" } as const;
  const told =
    number === 0 || step.hears === undefined ? {} : { told: heardBy(steps, at, step.hears) };
  const end = await parts.agents.workMain(step.agent, { ...stint, ...told });
  step.stints += 1;
  return end;
}

/** Who looks again is also told what is said of the work now: it may be why nothing was changed. */
function heardBy(
  steps: readonly Step[],
  at: number,
  hears: NonNullable<Stint["told"]>,
): NonNullable<Stint["told"]> {
  const maker = steps.slice(0, at).findLast(({ isGate }) => !isGate);
  if (hears.text !== lookAgain || maker?.done === undefined) return hears;
  const report = fence(wordsOf(maker.done), `report of the ${maker.role.name}`);
  return { ...hears, text: `${lookAgain}\n\n${report}` };
}

/** The last that is no gate also sums up, where a model is to do that. */
function judgeOf(parts: PipelineParts, steps: readonly Step[], at: number): Judge {
  const step = steps[at];
  const inner: Judge =
    step === undefined ? async () => ({ type: "good" }) : parts.judgeOf(step.role);
  const sumsUp = at === steps.findLastIndex(({ isGate }) => !isGate);
  if (parts.aggregate !== "ai_summarize" || !sumsUp) return inner;
  return async (agent, signal) => {
    const judgement = await inner(agent, signal);
    if (judgement.type !== "good") return judgement;
    return aggregated("ai_summarize", agent, [...resultsOf(steps.slice(0, at)), ownResult(agent)]);
  };
}

function refusalOf(step: Step, end: AgentFinal): readonly string[] | undefined {
  if (!step.isGate || end.type !== "completed") return undefined;
  const verdict = verdictOf(end.data);
  return verdict?.verdict === "refused" ? verdict.reasons : undefined;
}

function givenUp(step: Step, reasons: readonly string[], end: AgentFinal): AgentEnd {
  const message = `the ${step.role.name} refused the work ${gateRoundsMax + 1} times: ${reasons.join("; ")}`;
  return { type: "failed", why: "worker_failed", message, summary: end.summary };
}

/** Without a strategy the last agent that is no gate speaks for all. */
function whole({ aggregate = "pipeline" }: PipelineParts, steps: readonly Step[]): AgentEnd {
  const makers = steps.filter(({ isGate }) => !isGate);
  const speaking = aggregate === "pipeline" || aggregate === "ai_summarize";
  const results = resultsOf(speaking && makers.length > 0 ? makers : steps);
  // What one alone says is not to be combined with anything.
  const strategy = speaking || results.length === 1 ? "pipeline" : aggregate;
  const { summary, data } = combine(strategy, results);
  const words = summary.trim() === "" && data !== undefined ? JSON.stringify(data) : summary;
  return { type: "completed", summary: words, ...(data === undefined ? {} : { data }) };
}

function resultsOf(steps: readonly Step[]): readonly PartResult[] {
  return steps.flatMap(({ id, done }): readonly PartResult[] => {
    if (done?.type !== "completed") return [];
    const { summary, data } = done;
    return [{ name: id, summary, ...(data === undefined ? {} : { data: data as Json }) }];
  });
}

/** What it said, or its data where it said nothing. */
function wordsOf(final: AgentFinal): string {
  const data = final.type === "completed" ? final.data : undefined;
  return final.summary.trim() === "" && data !== undefined ? JSON.stringify(data) : final.summary;
}
