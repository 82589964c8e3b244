/** Opens an agent: anew with its beginning, or from its transcript as it was when it was cut off. */
import type { Account } from "../core/budget.ts";
import type { AgentId } from "../core/desk.ts";
import { invariant } from "../core/failure.ts";
import type { ToolName } from "../core/role.ts";
import { noSpend, type Spend, sumOf } from "../core/spend.ts";
import { Agent, type AgentParts } from "./agent.ts";
import type { AgentDoor, Judge } from "./agent-door.ts";
import type { Beginning } from "./child.ts";
import type { Surroundings } from "./surroundings.ts";
import { openTranscript, type Transcript, transcriptFile, transcriptSpends } from "./transcript.ts";
import type { TranscriptLine } from "./transcript-line.ts";

export interface Opening {
  readonly id: AgentId;
  readonly parent?: AgentDoor;
  /** Asked for only where there is no transcript. */
  readonly beginning: () => Beginning;
  readonly toolsOf: (beginning: Beginning) => readonly ToolName[];
  readonly judgeOf: (beginning: Beginning) => Judge;
  readonly hearsUnit: boolean;
  /** The account that its own is below. */
  readonly above: Account;
}

export async function openAgent(
  around: Surroundings,
  opening: Opening,
  { keeper, makeTools }: Pick<AgentParts, "keeper" | "makeTools">,
): Promise<Agent> {
  const file = transcriptFile(around.transcripts, opening.id);
  const opened = await openTranscript(file, around.redact);
  try {
    return await agentOf(around, opening, { keeper, makeTools }, opened);
  } catch (error) {
    await opened.close();
    throw error;
  }
}

async function agentOf(
  around: Surroundings,
  opening: Opening,
  { keeper, makeTools }: Pick<AgentParts, "keeper" | "makeTools">,
  opened: Transcript,
): Promise<Agent> {
  const { id, parent } = opening;
  const known = beginningIn(around, opening, opened.before[0]);
  const beginning = known ?? opening.beginning();
  const transcript = known === undefined ? await begun(around, opening, beginning, opened) : opened;
  const spent = known === undefined ? noSpend : await spentBelow(around.transcripts, id);
  const name = `${around.unit}/${id}`;
  const limit = beginning.allowance;
  const { role } = beginning;
  const access = around.modelOf(role.model) ?? parent?.access ?? around.modelOf(undefined);
  invariant(access !== undefined, "there is a model");
  return new Agent(around, {
    ...{ id, role, access, transcript, keeper, makeTools },
    ...(parent === undefined ? {} : { parent }),
    account: opening.above.child({ level: "agent", name, limit, spent }),
    tools: opening.toolsOf(beginning),
    turnsMax: beginning.turnsMax,
    judge: opening.judgeOf(beginning),
    hearsUnit: opening.hearsUnit,
  });
}

/** What it and its subagents have spent by their transcripts. */
async function spentBelow(folder: string, id: AgentId): Promise<Spend> {
  const spends = await transcriptSpends(folder);
  return [...spends]
    .filter(([agent]) => agent === id || agent.startsWith(`${id}.`))
    .map(([, spend]) => spend)
    .reduce(sumOf, noSpend);
}

async function begun(
  around: Surroundings,
  { id, parent }: Opening,
  { role, ...facts }: Beginning,
  opened: Transcript,
): Promise<Transcript> {
  const line: TranscriptLine = {
    type: "begun",
    agent: id,
    role: role.name,
    ...(parent === undefined ? {} : { parent: parent.id }),
    ...facts,
    at: around.now(),
  };
  await opened.append(line);
  return { ...opened, before: [line] };
}

function beginningIn(
  around: Surroundings,
  { parent }: Opening,
  first: TranscriptLine | undefined,
): Beginning | undefined {
  if (first?.type !== "begun") return undefined;
  const role = around.roleOf(first.role) ?? parent?.role;
  invariant(role !== undefined, `there is a role ${first.role}`);
  return { ...first, role };
}
