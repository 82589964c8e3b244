/** One agent: a model that calls tools, turn by turn, until it is done or may not go on. Each step is a line in its transcript
 *  before anything rests on it, and the next step follows from those lines alone, so that it can be cut off and continued
 *  anywhere. What the model says of its own success counts for nothing: whoever started it judges. */

import { setMaxListeners } from "node:events";
import type { Account } from "../core/budget.ts";
import type { AgentFact, AgentId, InvocationKind } from "../core/desk.ts";
import type { ToolCall } from "../core/model.ts";
import type { Role, ToolName } from "../core/role.ts";
import type { AgentAtWork, AgentDoor, AgentKeeper, ChildPlace, Judge } from "./agent-door.ts";
import { statusOf } from "./agent-status.ts";
import { Background } from "./background.ts";
import type { Conversation } from "./conversation.ts";
import { cutOffCalls } from "./cut-off.ts";
import { FileStates } from "./file-state.ts";
import { identityOf, runAs } from "./identity.ts";
import { Memory } from "./memory.ts";
import { Seat } from "./roster.ts";
import { shortened } from "./shortened.ts";
import type { ModelAccess, Surroundings } from "./surroundings.ts";
import { TimeLimit } from "./time-limit.ts";
import type { CallPlace, Tool } from "./tool.ts";
import type { Transcript } from "./transcript.ts";
import type { AgentEnd, AgentFinal, TranscriptFact } from "./transcript-line.ts";
import { takeStep } from "./turn.ts";

export interface AgentParts {
  readonly id: AgentId;
  readonly parent?: AgentDoor;
  readonly role: Role;
  /** What it may use. */
  readonly tools: readonly ToolName[];
  readonly makeTools: (door: AgentDoor) => readonly Tool[];
  readonly access: ModelAccess;
  readonly account: Account;
  readonly transcript: Transcript;
  readonly turnsMax: number;
  /** Whether it may end now. */
  readonly judge: Judge;
  /** Takes what was said to the whole unit. */
  readonly hearsUnit: boolean;
  readonly keeper: AgentKeeper;
}

/** A piece of an agent's work: from its beginning, or from when it is spoken to again, to its end. */
export interface Stint {
  readonly number: number;
  readonly kind: InvocationKind;
  /** What it is told, where it is spoken to again. */
  readonly told?: Omit<Extract<TranscriptFact, { type: "resumed" }>, "type">;
  /** The turn of the parent that calls it: `session#turn`. */
  readonly invokedBy?: string;
  /** The journal knows already that it waits for its turn. */
  readonly isAnnounced?: boolean;
}

export class Agent implements AgentAtWork {
  readonly parts: AgentParts;
  readonly around: Surroundings;
  readonly files: FileStates;
  readonly background: Background;
  /** Calls of tools that may have been under way when the agent was cut off. */
  readonly cutOff: ReadonlySet<ToolCall>;
  readonly toolMap: ReadonlyMap<string, Tool>;
  readonly #notes: string[] = [];
  readonly #memory: Memory;
  #lifetime = new AbortController();
  #time: TimeLimit | undefined;
  #seat: Seat;

  constructor(around: Surroundings, parts: AgentParts) {
    this.around = around;
    this.parts = parts;
    this.#memory = new Memory(parts.transcript, around.now);
    this.files = FileStates.fromJson(this.conversation.files);
    this.cutOff = cutOffCalls(this.conversation.calls);
    this.background = new Background();
    this.#seat = new Seat(around.roster, this.lifetime);
    this.toolMap = new Map(parts.makeTools(this).map((tool) => [tool.name, tool]));
  }

  get id(): AgentId {
    return this.parts.id;
  }

  get parent(): AgentId | undefined {
    return this.parts.parent?.id;
  }

  get depth(): number {
    return this.parts.parent === undefined ? 0 : this.parts.parent.depth + 1;
  }

  get session(): string {
    const { run, unit, attempt } = this.around;
    return `${run}/${unit}/${attempt}/${this.id}`;
  }

  get role(): Role {
    return this.parts.role;
  }

  get keeper(): AgentKeeper {
    return this.parts.keeper;
  }

  get judge(): Judge {
    return this.parts.judge;
  }

  get turnsMax(): number {
    return this.parts.turnsMax;
  }

  get hearsUnit(): boolean {
    return this.parts.hearsUnit;
  }

  get tools(): readonly ToolName[] {
    return this.parts.tools;
  }

  get access(): ModelAccess {
    return this.parts.access;
  }

  get account(): Account {
    return this.parts.account;
  }

  get conversation(): Conversation {
    return this.#memory.conversation;
  }

  get lifetime(): AbortSignal {
    return this.#lifetime.signal;
  }

  /** Works until this stint ends; one that ended before answers with how. `signal` aborts with whoever started it. */
  async work(stint: Stint, signal: AbortSignal): Promise<AgentEnd> {
    const before = this.conversation.finals[stint.number];
    if (before !== undefined) return this.#told(before);
    this.#begin(signal);
    if (this.conversation.stints <= stint.number && stint.told !== undefined) {
      await this.record({ type: "resumed", ...stint.told });
    }
    const end = await this.#toItsEnd(stint);
    if (end.type !== "stopped" || this.keeper.stopping.aborted) return end;
    const summary = this.conversation.said;
    if (this.#time?.isLate === true) {
      const message = `it took longer than ${this.around.timeoutMs / 1000} s (limits.agentTimeout)`;
      return this.end({ type: "failed", why: "timed_out", message, summary });
    }
    const message = "ended by the agent that started it";
    return this.end({ type: "cancelled", message, summary });
  }

  record(fact: TranscriptFact): Promise<void> {
    return this.#memory.record(fact);
  }

  recordSoon(fact: TranscriptFact): void {
    this.#memory.recordSoon(fact);
  }

  recorded(): Promise<void> {
    return this.#memory.recorded();
  }

  async end(final: AgentFinal): Promise<AgentFinal> {
    await this.record({ type: "ended", final });
    await this.#tellEnd(final);
    return final;
  }

  async #tellEnd(final: AgentFinal): Promise<void> {
    const message = final.type === "completed" ? final.summary : final.message;
    const status = statusOf(final);
    await this.tell({
      type: "agent-finished",
      agent: this.id,
      status,
      message: shortened(message),
    });
  }

  tell(fact: AgentFact): Promise<void> {
    return this.around.desk.tell(fact);
  }

  away<T>(work: () => Promise<T>): Promise<T> {
    const wait = () => this.#seat.away(work);
    return this.#time === undefined ? wait() : this.#time.pausedDuring(wait);
  }

  note(text: string): void {
    this.#notes.push(text);
  }

  takeNotes(): readonly string[] {
    return this.#notes.splice(0);
  }

  follow(child: AgentId, end: Promise<AgentEnd>): void {
    this.background.add(child, end);
  }

  async placeChild(at: CallPlace, background: boolean, known?: ChildPlace): Promise<ChildPlace> {
    const placed = this.conversation.calls[at.index]?.child;
    if (placed !== undefined) return placed;
    const agent = known?.agent ?? `${this.id}.${this.conversation.children.length + 1}`;
    const place = { agent, stint: known?.stint ?? 0 };
    // Believed at once, so that calls that start together get different names.
    const { index } = at;
    await this.#memory.recordBelieved({ type: "child", index, ...place, background });
    return place;
  }

  #begin(signal: AbortSignal): void {
    const lifetime = new AbortController();
    this.#lifetime = lifetime;
    // Everything that waits on its behalf listens.
    setMaxListeners(0, lifetime.signal);
    const end = () => lifetime.abort();
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { signal: lifetime.signal, once: true });
    const time = new TimeLimit(this.around.timeoutMs, end);
    this.#time = time;
    lifetime.signal.addEventListener("abort", () => time.stop(), { once: true });
    this.#seat = new Seat(this.around.roster, this.lifetime);
  }

  /** It has ended; a crash may have come before the journal knew. */
  async #told(final: AgentFinal): Promise<AgentFinal> {
    const known = this.around.desk.agents().find(({ agent }) => agent === this.id);
    if (known !== undefined && known.status !== statusOf(final)) await this.#tellEnd(final);
    return final;
  }

  /** Whatever it is that ends it, its subagents end before it has. */
  async #toItsEnd(stint: Stint): Promise<AgentEnd> {
    try {
      const end = await this.#seated(stint);
      await this.recorded();
      this.#seat.give();
      // Who waits for a person lets the others come to their ends.
      if (end.type === "parked") await this.background.settled();
      return end;
    } finally {
      this.#seat.give();
      this.#lifetime.abort();
      await this.background.settled();
    }
  }

  async #seated(stint: Stint): Promise<AgentEnd> {
    const { kind, invokedBy } = stint;
    const { parent } = this.parts;
    const started = {
      type: "agent-started",
      agent: this.id,
      ...(parent === undefined ? {} : { parent: parent.id }),
      role: this.role.name,
      kind,
    } as const;
    if (this.around.roster.isFull && stint.isAnnounced !== true)
      await this.tell({ ...started, queued: true });
    if (!(await this.#seat.take())) return { type: "stopped" };
    await this.tell({ ...started, queued: false });
    const about = { role: this.role.name, kind, invokedBy };
    return runAs(identityOf(this.id, parent, about), () => this.#live());
  }

  async #live(): Promise<AgentEnd> {
    await this.#settleCutOff();
    // Every way round takes a turn of the model, and those are counted.
    while (!this.lifetime.aborted) {
      const end = await takeStep(this);
      if (end !== undefined) return end;
    }
    return { type: "stopped" };
  }

  /** A call of the model that was cut off is paid for; subagents in the background go on. */
  async #settleCutOff(): Promise<void> {
    const { open, background, calls } = this.conversation;
    if (open !== undefined) {
      await this.record({ type: "unanswered", why: "cut off by a restart", spend: open.reserved });
    }
    for (const child of background) {
      const isCalled = calls.some((call) => call.child?.agent === child.agent && !call.result);
      if (!isCalled && !this.background.has(child.agent)) {
        this.follow(child.agent, this.keeper.adopt(this, child));
      }
    }
  }
}
