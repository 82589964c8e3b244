/** The desk of one attempt: what its worker asks goes to the loop as a request, and comes back once it is in the journal. What it
 *  reads is the state after the newest fact. */
import type { Account } from "../core/budget.ts";
import type { Activity, Answer, Desk, Message, Question } from "../core/desk.ts";
import type { UnitId } from "../core/id.ts";
import type { RunState, UnitState } from "../core/run.ts";
import type { Mailbox } from "./mailbox.ts";
import type { Ruling } from "./ruling.ts";
import type { WorkerRequest } from "./worker-request.ts";

/** The newest state, and who waits for it to change. */
export class Lookout {
  #state: RunState;
  #waiting: (() => void)[] = [];

  constructor(state: RunState) {
    this.#state = state;
  }

  get state(): RunState {
    return this.#state;
  }

  see(state: RunState): void {
    this.#state = state;
    const woken = this.#waiting;
    this.#waiting = [];
    for (const wake of woken) wake();
  }

  /** Settles once `found` answers with something, or with undefined when the signal aborts. */
  async until<T>(
    found: (state: RunState) => T | undefined,
    signal: AbortSignal,
  ): Promise<T | undefined> {
    for (;;) {
      const answer = found(this.#state);
      if (answer !== undefined || signal.aborted) return answer;
      await this.#change(signal);
    }
  }

  async #change(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = () => {
        signal.removeEventListener("abort", wake);
        resolve();
      };
      this.#waiting.push(wake);
      signal.addEventListener("abort", wake, { once: true });
    });
  }
}

export interface DeskParts {
  readonly unit: UnitId;
  readonly attempt: number;
  readonly account: Account;
  readonly lookout: Lookout;
  readonly mailbox: Pick<Mailbox, "post">;
  /** A person can answer while the run goes on. */
  readonly answerable: boolean;
  readonly report: (activity: Activity) => void;
}

export function openDesk(parts: DeskParts): Desk {
  const { unit: id, attempt, lookout, account, report } = parts;
  const request = (asked: WorkerRequest) => post(parts.mailbox, asked);
  const unit = (): UnitState | undefined => lookout.state.units.find((one) => one.id === id);
  return {
    unit: id,
    report,
    account,
    agents: () => (unit()?.agents ?? []).filter((one) => one.attempt === attempt),
    tell: async (fact) => {
      await request({ type: "tell", unit: id, attempt, fact });
    },
    claim: async (agent, paths) => {
      const ruling = await request({ type: "claim", unit: id, attempt, agent, paths });
      if (ruling?.type === "claim-answered") return ruling.answer;
      return { type: "refused", why: "the unit is not at work any more" };
    },
    claimed: () => unit()?.claims ?? [],
    ask: (question, signal) => ask(parts, question, signal),
    send: async (agent, to, text) => {
      const [unitName = "", ...rest] = to.split("/");
      const named = rest.join("/");
      const agentName = named === "" ? undefined : named;
      const from = `${id}/${agent}`;
      const target = unitName as UnitId;
      return told(await request({ type: "message", from, unit: target, agent: agentName, text }));
    },
    messages: (since) => messagesTo(lookout.state, id, since),
    untilMessage: async (since, signal) => {
      await lookout.until((state) => messagesTo(state, id, since)[0], signal);
    },
    context: () => lookout.state.context,
    writeContext: async (agent, key, value) =>
      told(await request({ type: "write-context", unit: id, attempt, agent, key, value })),
    subagents: () => countSubagents(lookout.state),
  };
}

function post(mailbox: Pick<Mailbox, "post">, request: WorkerRequest): Promise<Ruling> {
  return new Promise((resolve) => {
    const acknowledge = (ruling: Ruling) => {
      resolve(ruling);
      return Promise.resolve();
    };
    mailbox.post({ type: "request", request, acknowledge });
  });
}

/** The same question has the same answer: an agent that goes on after a cut asks again what it had asked. */
async function ask(parts: DeskParts, question: Question, signal: AbortSignal): Promise<Answer> {
  const { unit, attempt, lookout, mailbox, answerable } = parts;
  const known = lookout.state.approvals.findLast(
    (one) => one.unit === unit && isSame(one.question, question),
  );
  let id = known?.id;
  if (id === undefined) {
    const ruling = await post(mailbox, { type: "ask", unit, attempt, question });
    if (ruling?.type !== "approval-asked") return { type: "nobody" };
    id = ruling.id;
  }
  const answered = (state: RunState): Answer | undefined => {
    const asked = state.approvals.find((one) => one.id === id);
    if (asked?.answer === undefined) return undefined;
    const { answer, text } = asked;
    return { type: answer, ...(text === undefined ? {} : { text }) };
  };
  if (!answerable) return answered(lookout.state) ?? { type: "nobody" };
  return (await lookout.until(answered, signal)) ?? { type: "nobody" };
}

function isSame(a: Question | undefined, b: Question): boolean {
  return a !== undefined && a.agent === b.agent && a.kind === b.kind && a.content === b.content;
}

function messagesTo({ messages }: RunState, unit: UnitId, since: number): readonly Message[] {
  return messages.filter((one) => one.unit === unit && one.id > since);
}

function told(ruling: Ruling): { readonly type: "done" } | { type: "refused"; why: string } {
  if (ruling === undefined) return { type: "refused", why: "the run does not go on" };
  return ruling.type === "refused" ? ruling : { type: "done" };
}

function countSubagents({ units }: RunState): number {
  return units.reduce(
    (sum, { agents }) => sum + agents.filter(({ parent }) => parent !== undefined).length,
    0,
  );
}
