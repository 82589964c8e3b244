/** The loop: decide, record, hand out, take what comes back. It is the only writer of the journal, and it believes nothing
 *  before it is durable there. It must never wait for a hand, only for the mailbox. */
import { actionKey, type HandAction, stopKey } from "../core/action.ts";
import type { Rules } from "../core/decide.ts";
import { type JournalLine, journalVersion, type RunEvent } from "../core/event.ts";
import { Failure, invariant, messageOf } from "../core/failure.ts";
import type { RunState } from "../core/run.ts";
import type { Clock, Hands } from "./hands.ts";
import type { Mail, Mailbox } from "./mailbox.ts";
import { type RunRequest, rule } from "./request.ts";
import type { Ruling } from "./ruling.ts";

export interface LoopParts {
  readonly state: RunState;
  readonly rules: Rules;
  readonly append: (lines: readonly JournalLine[]) => Promise<void>;
  readonly hands: Hands;
  readonly mailbox: Mailbox;
  readonly clock: Clock;
  /** Somebody is there to answer an approval. */
  readonly answerable: boolean;
  readonly observe: (line: JournalLine, state: RunState) => void;
}

export interface LoopEnd {
  readonly state: RunState;
  /** The first thing that a hand could not make a fact of; the run is interrupted by it. */
  readonly error?: unknown;
}

/** Goes on until nothing is left to do for this runner. Rejects only where the journal cannot be written. */
export async function runLoop(parts: LoopParts): Promise<LoopEnd> {
  const loop = new Loop(parts);
  try {
    return await loop.run();
  } catch (error) {
    parts.hands.abandon();
    throw error;
  }
}

class Loop {
  readonly #parts: LoopParts;
  readonly #inFlight = new Set<string>();
  /** What this runner does not ask for again: it failed, or answered that no fact comes of it. */
  readonly #over = new Set<string>();
  #state: RunState;
  /** A person wants us to go while a finished run is landing: what is in flight ends, and the rest waits for a resume. */
  #leaving = false;
  #error: { readonly first: unknown } | undefined;

  constructor(parts: LoopParts) {
    this.#parts = parts;
    this.#state = parts.state;
  }

  async run(): Promise<LoopEnd> {
    const { mailbox, clock, rules, hands } = this.#parts;
    hands.see(this.#state);
    for (;;) {
      await this.#readAll(mailbox.takeAll());
      const performed = await this.#act();
      if (performed === "nothing" && this.#inFlight.size === 0 && this.#isOver()) {
        return this.#error === undefined
          ? { state: this.#state }
          : { state: this.#state, error: this.#error.first };
      }
      if (performed !== "recorded") await mailbox.untilMail(clock, rules.nextDeadline(this.#state));
    }
  }

  /** Records what decide says begins; only when nothing is left to record do the hands get their work. */
  async #act(): Promise<"recorded" | "handed" | "nothing"> {
    if (this.#leaving) return "nothing";
    const { clock, rules } = this.#parts;
    const answerable = this.#parts.answerable || this.#state.settings.yes;
    const actions = rules.decide(this.#state, { now: clock.now(), answerable });
    const facts = actions.flatMap((action) => (action.type === "record" ? [action.event] : []));
    if (facts.length > 0) {
      await this.#record(facts);
      return "recorded";
    }
    const handed = actions.filter((action) => action.type !== "record" && this.#hand(action));
    return handed.length > 0 ? "handed" : "nothing";
  }

  #hand(action: HandAction): boolean {
    const key = actionKey(action);
    if (this.#inFlight.has(key) || this.#over.has(key)) return false;
    this.#inFlight.add(key);
    const { hands, mailbox } = this.#parts;
    hands.perform(action, this.#state).then(
      (events) => mailbox.post({ type: "answer", action, events }),
      (error: unknown) => mailbox.post({ type: "failed", action, error }),
    );
    return true;
  }

  /** All that came in is written at once: of agents at work there may be many. Each is ruled on by the state that those before
   *  it make, and nobody is answered before all of it is durable. */
  async #readAll(mails: readonly Mail[]): Promise<void> {
    const batch = this.#batch();
    const answers: (() => Promise<void>)[] = [];
    for (const mail of mails) {
      for (const event of this.#factsOf(mail, batch.state(), answers)) batch.add(event);
    }
    await this.#write(batch.told());
    for (const answer of answers) await answer();
  }

  #factsOf(mail: Mail, state: RunState, answers: (() => Promise<void>)[]): readonly RunEvent[] {
    switch (mail.type) {
      case "answer":
        this.#inFlight.delete(actionKey(mail.action));
        // A stop answers with nothing, since what it stopped answers itself: asked again at once it would never let that in.
        if (mail.events.length === 0) this.#over.add(actionKey(mail.action));
        return mail.events;
      case "failed":
        this.#inFlight.delete(actionKey(mail.action));
        return this.#failed(mail.action, mail.error, state);
      case "request": {
        this.#leave(mail.request);
        const ruling: Ruling = rule(state, mail.request, this.#parts.clock.now());
        answers.push(() => mail.acknowledge(ruling));
        return ruling === undefined || ruling.type === "refused" ? [] : [ruling];
      }
    }
  }

  #leave(request: RunRequest): void {
    if (request.type !== "interrupt" || this.#state.at.phase !== "finished") return;
    this.#leaving = true;
    this.#parts.hands.abandon();
  }

  /** What failed is not tried again by this runner; a run that still works is interrupted, and can be resumed. */
  #failed(action: HandAction, error: unknown, state: RunState): readonly RunEvent[] {
    this.#over.add(actionKey(action));
    const stop = stopKey(action);
    if (stop !== undefined) this.#over.add(stop);
    this.#error ??= { first: error };
    const { phase } = state.at;
    if (phase !== "working" && phase !== "paused") return [];
    const isProvider = error instanceof Failure && error.kind === "provider";
    const cause = isProvider ? { cause: "provider" as const } : {};
    return [{ type: "run-interrupted", why: messageOf(error), ...cause }];
  }

  async #record(events: readonly RunEvent[]): Promise<void> {
    const batch = this.#batch();
    for (const event of events) batch.add(event);
    await this.#write(batch.told());
  }

  /** reduce is asked first, so that a fact that cannot be never reaches the journal; its answer is believed only afterwards. */
  #batch() {
    const at = Math.max(this.#parts.clock.now(), this.#state.updatedAt);
    const told: { readonly line: JournalLine; readonly state: RunState }[] = [];
    const state = () => told.at(-1)?.state ?? this.#state;
    return {
      state,
      add: (event: RunEvent): void => {
        const before = state();
        const line: JournalLine = { v: journalVersion, seq: before.seq + 1, at, event };
        told.push({ line, state: this.#parts.rules.reduce(before, line) });
      },
      told: () => told,
    };
  }

  async #write(
    told: readonly { readonly line: JournalLine; readonly state: RunState }[],
  ): Promise<void> {
    const last = told.at(-1);
    if (last === undefined) return;
    await this.#parts.append(told.map(({ line }) => line));
    this.#state = last.state;
    this.#parts.hands.see(last.state);
    for (const { line, state } of told) this.#parts.observe(line, state);
  }

  #isOver(): boolean {
    const { phase } = this.#state.at;
    if (phase === "finished" || phase === "interrupted") return true;
    const waits =
      phase === "paused" ||
      this.#state.approvals.some(({ answer }) => answer === undefined) ||
      this.#state.units.some(({ at }) => at.phase === "awaiting_approval");
    invariant(waits, "a run that works has something to do or to wait for");
    return false;
  }
}
