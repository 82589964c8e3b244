/** Who says that a subagent is done: not its own words, but a command that passes, a verdict that was asked for, and the
 *  results of its own subagents where they are to become one. */
import { combine, type PartResult, summaryQuestion } from "../core/aggregate.ts";
import type { AgentId } from "../core/desk.ts";
import type { Aggregate, Json } from "../core/plan.ts";
import type { Role } from "../core/role.ts";
import type { AgentDoor, Judge, Judgement } from "./agent-door.ts";
import { foldTranscript } from "./conversation.ts";
import { fence } from "./fence.ts";
import type { Surroundings } from "./surroundings.ts";
import { readTranscript, transcriptFile } from "./transcript.ts";

export interface JudgeParts {
  readonly verify?: string;
  readonly aggregate?: Aggregate;
}

export function subagentJudge(around: Surroundings, { verify, aggregate }: JudgeParts): Judge {
  return async (agent, signal) => {
    const verdict = verify === undefined ? undefined : await runVerify(around, verify, signal);
    if (verdict !== undefined) return verdict;
    if (aggregate === undefined) return { type: "good" };
    return aggregated(aggregate, agent, await resultsOf(around, agent));
  };
}

async function runVerify(
  around: Surroundings,
  verify: string,
  signal: AbortSignal,
): Promise<Judgement | undefined> {
  const verdict = await around.runCommand(verify, signal);
  if (verdict.type === "passed") return undefined;
  const output = fence(verdict.output, "output of the command");
  const text = `You may not end yet: this command must pass first.\n\n${verify}\n\nIt ${verdict.message}.\n\n${output}`;
  return { type: "again", from: "verify", text };
}

/** `results` begin with what the agent itself says. */
export function aggregated(
  strategy: Aggregate,
  agent: AgentDoor,
  results: readonly PartResult[],
): Judgement {
  if (results.length < 2) return { type: "good" };
  if (strategy !== "ai_summarize") {
    const { summary, data } = combine(strategy, results);
    return { type: "good", summary, ...(data === undefined ? {} : { data }) };
  }
  if (agent.conversation.aggregated) return { type: "good" };
  return { type: "again", from: "aggregate", text: summaryQuestion(results) };
}

/** What the agent says, then what its subagents say; those that have not ended well say why. */
async function resultsOf(around: Surroundings, agent: AgentDoor): Promise<readonly PartResult[]> {
  const { children } = agent.conversation;
  const below = await Promise.all(children.map((name) => childResult(around, name)));
  return [ownResult(agent), ...below.flat()];
}

/** Of a subagent that has ended; none where it has not. */
export async function childResult(
  { transcripts }: Surroundings,
  name: AgentId,
): Promise<readonly PartResult[]> {
  const { lines } = await readTranscript(transcriptFile(transcripts, name));
  const final = foldTranscript(lines).finals.at(-1);
  if (final === undefined) return [];
  const data = final.type === "completed" ? dataPart(final.data) : {};
  return [{ name, summary: final.summary, ...data }];
}

export function ownResult({ id, conversation }: AgentDoor): PartResult {
  return { name: id, summary: conversation.said, ...dataPart(conversation.finished?.data) };
}

function dataPart(data: Json | undefined): { readonly data?: Json } {
  return data === undefined ? {} : { data };
}

/** How often a gate is asked for its verdict. */
const remindersMax = 3;

/** Whether a gate has given its verdict; it may not end without one. */
export function verdictJudge(role: Role, inner: Judge): Judge {
  let reminders = 0;
  return async (agent, signal) => {
    if (role.gate !== true || verdictOf(agent.conversation.finished?.data) !== undefined) {
      return inner(agent, signal);
    }
    const text =
      'Your verdict is missing: call finish with verdict "approved", or with verdict "refused" and reasons.';
    reminders += 1;
    if (reminders > remindersMax) {
      return {
        type: "bad",
        message: `the ${role.name} gave no verdict, though it was asked for it`,
      };
    }
    return { type: "again", from: "verdict", text };
  };
}

export interface Verdict {
  readonly verdict: "approved" | "refused";
  readonly reasons: readonly string[];
}

export function verdictOf(data: Json | undefined): Verdict | undefined {
  if (typeof data !== "object" || data === null || Array.isArray(data)) return undefined;
  const { verdict, reasons } = data as { readonly [key: string]: Json };
  if (verdict !== "approved" && verdict !== "refused") return undefined;
  const said = Array.isArray(reasons) ? reasons.filter((each) => typeof each === "string") : [];
  return { verdict, reasons: said };
}
