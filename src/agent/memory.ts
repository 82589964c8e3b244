/** What an agent knows, in step with its transcript: every fact becomes a line, and nothing of it may be forgotten that anything
 *  rests on. It must never hold a fact that is not on its way into the file. */
import { type Conversation, foldTranscript, withLine } from "./conversation.ts";
import type { Transcript } from "./transcript.ts";
import type { TranscriptFact } from "./transcript-line.ts";

export class Memory {
  readonly #transcript: Transcript;
  readonly #now: () => number;
  #conversation: Conversation;

  constructor(transcript: Transcript, now: () => number) {
    this.#transcript = transcript;
    this.#now = now;
    this.#conversation = foldTranscript(transcript.before);
  }

  get conversation(): Conversation {
    return this.#conversation;
  }

  /** Durable, then believed. */
  async record(fact: TranscriptFact): Promise<void> {
    const line = { ...fact, at: this.#now() };
    await this.#transcript.append(line);
    this.#conversation = withLine(this.#conversation, line);
  }

  /** Believed, then durable. */
  async recordBelieved(fact: TranscriptFact): Promise<void> {
    const line = { ...fact, at: this.#now() };
    this.#conversation = withLine(this.#conversation, line);
    await this.#transcript.append(line);
  }

  /** Believed, and durable at the latest when a later fact is, or after `recorded`: for what nothing outside rests on before. */
  recordSoon(fact: TranscriptFact): void {
    const line = { ...fact, at: this.#now() };
    this.#conversation = withLine(this.#conversation, line);
    this.#transcript.appendSoon(line);
  }

  /** Settles when all is durable. */
  recorded(): Promise<void> {
    return this.#transcript.written();
  }
}
