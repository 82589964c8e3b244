/** What a subagent is made of: its role, its tools, its first messages and its allowance, from what its parent asks for and
 *  what its parent has. Pure but for the lookups it is given. */
import { shareOf, stricter } from "../core/budget.ts";
import type { InvocationKind } from "../core/desk.ts";
import type { Aggregate, Budget } from "../core/plan.ts";
import { type Role, type ToolName, toolNames } from "../core/role.ts";
import type { AgentDoor, TaskRequest } from "./agent-door.ts";
import { firstEntries, systemPrompt } from "./prompt.ts";
import type { Surroundings } from "./surroundings.ts";
import type { Entry, FilesRead } from "./transcript-line.ts";

/** A subagent may have at most this share of what its parent has left, divided among those that start with it. */
const allowanceShare = 0.8;

/** A subagent of no named role. */
const plainRole = "general";

/** How an agent begins; written into its transcript. */
export interface Beginning {
  readonly role: Role;
  readonly kind: InvocationKind;
  readonly system: string;
  readonly entries: readonly Entry[];
  readonly allowance: Budget;
  readonly turnsMax: number;
  readonly verify?: string;
  readonly aggregate?: Aggregate;
  readonly files?: FilesRead;
}

/** Undefined where there is no such role. */
export function childRole(
  around: Surroundings,
  parent: AgentDoor,
  request: TaskRequest,
): Role | undefined {
  const name = request.subagent_type ?? plainRole;
  return name === "fork" ? parent.role : around.roleOf(name);
}

/** `ways`: how many start together. */
export function childBeginning(
  around: Surroundings,
  parent: AgentDoor,
  request: TaskRequest,
  ways: number,
): Beginning {
  const role = childRole(around, parent, request) ?? parent.role;
  const isFork = request.subagent_type === "fork";
  const { verify, aggregate, max_turns: turns = role.turnsMax ?? around.turnsMax } = request;
  return {
    role,
    kind: isFork ? "fork" : "spawn",
    system: isFork ? forkSystem(parent, request) : systemPrompt(role, request.prompt),
    entries: isFork ? forkEntries(parent, request) : freshEntries(around, parent, request),
    allowance: stricter(around.agentBudget, shareOf(parent.account.left(), allowanceShare, ways)),
    turnsMax: Math.min(turns, around.turnsMax),
    files: parent.files.toJson() as FilesRead,
    ...(verify === undefined ? {} : { verify }),
    ...(aggregate === undefined ? {} : { aggregate }),
  };
}

/** What the role says, as far as the parent has it itself: nobody gives away more than they have, but for the tools of
 *  agents among themselves. */
export function childTools(role: Role, parent: Pick<AgentDoor, "tools">): readonly ToolName[] {
  const wanted = role.tools ?? toolNames;
  return wanted.filter(
    (tool) => tool === "task" || tool === "finish" || parent.tools.includes(tool),
  );
}

function freshEntries(
  around: Surroundings,
  parent: AgentDoor,
  { description }: TaskRequest,
): readonly Entry[] {
  const task = `# Your task\n\nIt comes from the agent ${parent.id}, which works on the unit ${around.unit} and sees nothing of your work but your last words, or what you give to finish.\n\n${description.trim()}`;
  return firstEntries(around.shared, task);
}

function forkSystem(parent: AgentDoor, { prompt }: TaskRequest): string {
  return prompt === undefined
    ? (parent.conversation.begun?.system ?? systemPrompt(parent.role))
    : systemPrompt(parent.role, prompt);
}

/** All that its parent knew before the turn in which it forked. */
function forkEntries(parent: AgentDoor, { description }: TaskRequest): readonly Entry[] {
  const { entries } = parent.conversation;
  const last = entries.findLastIndex(({ message }) => message.role === "assistant");
  const text = `You are a fork of the agent whose conversation this is: it goes on with its own work, and you do this part of it. It sees nothing of your work but your last words, or what you give to finish.\n\n${description.trim()}`;
  return [...entries.slice(0, last), { message: { role: "user", text }, kept: true }];
}
