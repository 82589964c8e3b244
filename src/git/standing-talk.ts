/** One git that stays, asked one question after the other. Where it ends without an answer, a new one is started for the next. */
import { Conversation } from "./conversation.ts";
import type { GitChild } from "./git.ts";

export interface Question {
  /** A character a byte where it is latin1. */
  readonly text: string | Buffer;
  /** What the answer ends with, or how many lines it has. */
  readonly end: string | number;
}

export class StandingTalk {
  readonly #start: () => GitChild;
  #talk: Conversation | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(start: () => GitChild) {
    this.#start = start;
  }

  get isBusy(): boolean {
    return this.#waiting > 0;
  }

  /** Undefined where it ended instead, or was made to by the signal. `question` is called when its turn has come. */
  async ask(
    question: () => Question,
    signal: AbortSignal = neverAborted,
  ): Promise<string | undefined> {
    this.#waiting += 1;
    const mine = this.#last.then(() => this.#put(question(), signal));
    this.#last = mine.catch(() => undefined);
    try {
      return await mine;
    } finally {
      this.#waiting -= 1;
    }
  }

  async close(): Promise<void> {
    await this.#last;
    const talk = this.#talk;
    this.#talk = undefined;
    await talk?.ends();
  }

  async #put({ text, end }: Question, signal: AbortSignal): Promise<string | undefined> {
    this.#talk ??= new Conversation(this.#start());
    const talk = this.#talk;
    const stop = () => talk.terminate();
    signal.addEventListener("abort", stop, { once: true });
    talk.say(text);
    const said = await (typeof end === "string" ? talk.hears(end) : talk.hearsLines(end));
    signal.removeEventListener("abort", stop);
    if (said === undefined) {
      this.#talk = undefined;
      await talk.ends();
    }
    return said;
  }
}

const neverAborted = new AbortController().signal;
