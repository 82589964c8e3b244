/** All agents of one attempt: those of the unit itself, and their subagents. It keeps the limits of who may start whom, and
 *  ends everybody where nobody can go on; how an agent works is its own. */
import { setMaxListeners } from "node:events";
import { existsSync } from "node:fs";
import type { Account } from "../core/budget.ts";
import type { AgentId } from "../core/desk.ts";
import { Bug } from "../core/failure.ts";
import { planningToolNames, toolNames } from "../core/role.ts";
import { noSpend } from "../core/spend.ts";
import type { Agent, Stint } from "./agent.ts";
import type {
  AgentDoor,
  AgentKeeper,
  ChildPlace,
  Judge,
  Subagents,
  TaskRequest,
} from "./agent-door.ts";
import { type Beginning, childBeginning, childRole, childTools } from "./child.ts";
import { childReport, noticeText, reportText } from "./child-report.ts";
import { askBefore, askBeforeNext, type NextAgent } from "./consent.ts";
import { subagentJudge, verdictJudge } from "./judge.ts";
import { type Opening, openAgent } from "./open-agent.ts";
import { speakingTools } from "./speaking/speaking-tools.ts";
import type { Surroundings } from "./surroundings.ts";
import type { CallPlace, Tool, ToolResult } from "./tool.ts";
import { transcriptFile } from "./transcript.ts";
import type { AgentEnd, AgentFinal } from "./transcript-line.ts";

const nearlySpent =
  "Most of your budget is spent. Come to an end: finish what is begun, and leave out what can be left out.";

export class Agents implements AgentKeeper, Subagents {
  readonly #around: Surroundings;
  readonly #opening = new Map<AgentId, Promise<Agent>>();
  readonly #agents = new Map<AgentId, Agent>();
  readonly #working = new Set<AgentId>();
  /** Subagents of each agent that have begun and not ended. */
  readonly #alive = new Map<AgentId, number>();
  readonly #controller = new AbortController();
  #broken: { readonly error: unknown } | undefined;

  /** `signal` stops them all. */
  constructor(around: Surroundings, signal: AbortSignal) {
    this.#around = around;
    setMaxListeners(0, this.stopping);
    const end = () => this.#controller.abort();
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true, signal: this.#controller.signal });
  }

  get stopping(): AbortSignal {
    return this.#controller.signal;
  }

  /** What keeps the next agent of the unit itself from starting; nothing does once it has. */
  async consent(next: NextAgent): Promise<AgentEnd | undefined> {
    if (this.#isBegun(next.agent)) return undefined;
    return askBeforeNext(this.#around, next, this.stopping);
  }

  /** An agent of the unit itself. */
  async main(id: AgentId, beginning: () => Beginning, judge: Judge): Promise<Agent> {
    return this.#open({
      ...{ id, beginning, hearsUnit: true, above: this.#around.desk.account },
      toolsOf: ({ role }) => childTools(role, { tools: [...toolNames, ...planningToolNames] }),
      judgeOf: () => judge,
    });
  }

  /** Works until its stint ends. Throws what nobody can go on after, once all others have ended too. */
  async workMain(agent: Agent, stint: Stint): Promise<AgentEnd> {
    const end = await this.#work(agent, stint, this.stopping);
    if (this.#broken !== undefined) throw this.#broken.error;
    return end;
  }

  /** Closes every transcript; nobody works any more. */
  async close(): Promise<void> {
    this.#controller.abort();
    await Promise.allSettled(this.#opening.values());
    for (const agent of this.#agents.values()) await agent.parts.transcript.close();
  }

  async start(parent: AgentDoor, request: TaskRequest, at: CallPlace): Promise<ToolResult> {
    const placed = parent.conversation.calls[at.index]?.child;
    const refusal = placed === undefined ? this.#refusal(parent, request) : undefined;
    if (refusal !== undefined) return { type: "failed", text: refusal };
    return this.#counted(parent, async () => {
      const begins = placed === undefined || !this.#isBegun(placed.agent);
      const answer = begins ? await askBefore(this.#around, parent, request) : undefined;
      if (answer !== undefined) return answer;
      const place = await parent.placeChild(at, request.background === true);
      const role = childRole(this.#around, parent, request) ?? parent.role;
      if (begins && !(await this.#admit(parent, place, role.name))) return this.#tooMany();
      const agent = await this.#child(parent, place.agent, () =>
        childBeginning(this.#around, parent, request, at.ways),
      );
      const end = this.#work(agent, stintOf(parent, agent, place, begins), parent.lifetime);
      if (request.background !== true) return this.#result(agent, await end);
      parent.follow(
        place.agent,
        this.#counted(parent, () => end),
      );
      const text = `${place.agent} works in the background; you will be told of its end.`;
      return { type: "done", text };
    });
  }

  isEnded(parent: AgentDoor, child: AgentId): boolean {
    if (!parent.conversation.children.includes(child) || this.#working.has(child)) return false;
    const stage = this.#agents.get(child)?.conversation.stage;
    return stage === undefined ? this.#isBegun(child) : stage === "ended";
  }

  async speak(parent: AgentDoor, child: AgentId, text: string, at: CallPlace): Promise<ToolResult> {
    if (this.#working.has(child)) return { type: "failed", text: stillAtWork(child) };
    // From now on: two messages of one turn must not both wake it.
    this.#working.add(child);
    return this.#counted<ToolResult>(parent, async () => {
      const agent = await this.#child(parent, child);
      const { finals, stage } = agent.conversation;
      const placed = parent.conversation.calls[at.index]?.child;
      if (placed === undefined && stage !== "ended") {
        return { type: "failed", text: stillAtWork(child) };
      }
      const place = await parent.placeChild(at, false, { agent: child, stint: finals.length });
      const stint = { ...stintOf(parent, agent, place), told: { from: "parent", text } } as const;
      return this.#result(agent, await this.#work(agent, stint, parent.lifetime));
    }).finally(() => this.#working.delete(child));
  }

  adopt(parent: AgentDoor, place: ChildPlace): Promise<AgentEnd> {
    return this.#counted(parent, async () => {
      const agent = await this.#child(parent, place.agent);
      return this.#work(agent, stintOf(parent, agent, place), parent.lifetime);
    });
  }

  report(child: AgentId, final: AgentFinal): string {
    const spend = this.#agents.get(child)?.account.spent ?? noSpend;
    return noticeText(childReport(child, final, spend));
  }

  async warned(accounts: readonly Account[]): Promise<void> {
    for (const { level, name } of accounts) {
      await this.#around.desk.tell({ type: "budget-warned", level, name });
      const agent = this.#agents.get(name.slice(name.indexOf("/") + 1));
      if (level !== "agent" || agent === undefined) continue;
      agent.note(nearlySpent);
      agent.parts.parent?.note(`Your subagent ${agent.id} has spent most of its budget.`);
    }
  }

  /** Why it may not start one more. */
  #refusal(parent: AgentDoor, { subagent_type: role = "" }: TaskRequest): string | undefined {
    const { depth, agentsPerParent } = this.#around.roster.limits;
    if (parent.depth >= depth) {
      return `subagents may be nested ${depth} deep, and you are at that depth: do it yourself`;
    }
    if ((this.#alive.get(parent.id) ?? 0) >= agentsPerParent) {
      return `you have ${agentsPerParent} subagents at work, which is the limit: wait until one has ended`;
    }
    if (role === "" || role === "fork" || this.#around.roleOf(role) !== undefined) return undefined;
    return `there is no subagent_type ${JSON.stringify(role)}; there are ${this.#around.roleNames.join(", ")}, and fork`;
  }

  /** Counts as one of the parent's subagents at work from now on, before anything is waited for. */
  async #counted<T>(parent: AgentDoor, work: () => Promise<T>): Promise<T> {
    const count = (by: number) => {
      this.#alive.set(parent.id, (this.#alive.get(parent.id) ?? 0) + by);
    };
    count(1);
    try {
      return await work();
    } finally {
      count(-1);
    }
  }

  #isBegun(child: AgentId): boolean {
    return existsSync(transcriptFile(this.#around.transcripts, child));
  }

  /** Whether the run may have one more; the journal knows of it then. */
  #admit(parent: AgentDoor, { agent }: ChildPlace, role: string): Promise<boolean> {
    const { desk, roster } = this.#around;
    const fact = { type: "agent-started", agent, parent: parent.id, role } as const;
    return roster.admit(
      () => desk.subagents(),
      () => desk.tell({ ...fact, kind: "spawn", queued: true }),
    );
  }

  #tooMany(): ToolResult {
    const { agentsPerRun } = this.#around.roster.limits;
    const text = `this run has started ${agentsPerRun} subagents, which is its limit: do it yourself`;
    return { type: "failed", text };
  }

  #child(
    parent: AgentDoor,
    id: AgentId,
    beginning: () => Beginning = unknownBeginning,
  ): Promise<Agent> {
    return this.#open({
      ...{ id, parent, beginning, hearsUnit: false, above: parent.account },
      toolsOf: ({ role, kind }) => (kind === "fork" ? parent.tools : childTools(role, parent)),
      judgeOf: ({ role, ...parts }) => verdictJudge(role, subagentJudge(this.#around, parts)),
    });
  }

  /** Once: it stays the same agent however often it is spoken to. */
  #open(opening: Opening): Promise<Agent> {
    const known = this.#opening.get(opening.id);
    if (known !== undefined) return known;
    const made = openAgent(this.#around, opening, {
      keeper: this,
      makeTools: (door) => this.#toolsOf(door),
    }).then((agent) => {
      this.#agents.set(agent.id, agent);
      return agent;
    });
    this.#opening.set(opening.id, made);
    return made;
  }

  #toolsOf(door: AgentDoor): readonly Tool[] {
    const files = this.#around.fileTools(this.#around.workplaceOf(door.files));
    const all = [...files, ...speakingTools(this.#around, door, this)];
    return all.filter(({ name }) => door.tools.includes(name));
  }

  async #work(agent: Agent, stint: Stint, signal: AbortSignal): Promise<AgentEnd> {
    this.#working.add(agent.id);
    try {
      return await agent.work(stint, signal);
    } catch (error) {
      // One that cannot go on for outside reasons is none that failed: all are stopped, and continued later.
      this.#broken ??= { error };
      this.#controller.abort();
      return { type: "stopped" };
    } finally {
      this.#working.delete(agent.id);
    }
  }

  #result(agent: Agent, end: AgentEnd): ToolResult {
    if (end.type === "parked") return end;
    if (end.type === "stopped") return { type: "failed", text: "stopped" };
    const text = reportText(childReport(agent.id, end, agent.account.spent));
    return { type: "done", text, isForeign: true };
  }
}

function stillAtWork(child: AgentId): string {
  return `${child} has not ended: it works on what it was told before`;
}

function unknownBeginning(): never {
  throw new Bug("an agent that has worked has a transcript");
}

function stintOf(
  parent: AgentDoor,
  agent: Agent,
  { stint: number }: ChildPlace,
  isAnnounced = false,
): Stint {
  const kind = number > 0 ? "resume" : (agent.conversation.begun?.kind ?? "spawn");
  const invokedBy = `${parent.session}#${parent.conversation.turns}`;
  return { number, kind, invokedBy, isAnnounced };
}
