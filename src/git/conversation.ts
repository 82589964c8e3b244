/** Talking to a git that stays: lines to it and from it. It ends when its input does, so also when we do. */
import type { GitChild } from "./git.ts";

/** Of what it says on stderr; it may stay for days. */
const saidCharactersMax = 5000;

export class Conversation {
  readonly #child: GitChild;
  readonly #ended: Promise<number | null>;
  #heard = "";
  #said = "";
  #listener: (() => void) | undefined;

  constructor(child: GitChild) {
    this.#child = child;
    child.stdout?.on("data", (chunk: Buffer) => {
      this.#heard += chunk.toString("latin1");
      this.#listener?.();
    });
    child.stderr?.on("data", (chunk: Buffer) => {
      this.#said = (this.#said + chunk.toString("utf8")).slice(-saidCharactersMax);
    });
    // A git that has ended says so by its exit code, not by a pipe that breaks.
    child.stdin?.on("error", () => undefined);
    this.#ended = new Promise((resolve) => {
      // Where none could be started, the next question to git tells why.
      child.once("error", () => resolve(null));
      child.once("close", resolve);
    });
  }

  get complaint(): string {
    return this.#said.replace(/^fatal: (?:prepare: )?/, "");
  }

  say(text: string | Buffer): void {
    if (this.#child.stdin?.writable) this.#child.stdin.write(text);
  }

  /** What git says before `end`; undefined where it ends without having said that. */
  async hears(end: string): Promise<string | undefined> {
    const at = await this.#awaits(() => this.#heard.indexOf(end));
    return at < 0 ? undefined : this.#take(at, end.length);
  }

  /** So many lines, as many as there are; undefined where git ends before. */
  async hearsLines(count: number): Promise<string | undefined> {
    const at = await this.#awaits(() => lineEnd(this.#heard, count));
    return at < 0 ? undefined : this.#take(at, 1);
  }

  /** Where something is in what was heard, as soon as it is there; -1 where git ends without it. */
  async #awaits(place: () => number): Promise<number> {
    const heard = new Promise<void>((resolve) => {
      this.#listener = () => {
        if (place() >= 0) resolve();
      };
      this.#listener();
    });
    await Promise.race([heard, this.#ended]);
    this.#listener = undefined;
    return place();
  }

  #take(length: number, endLength: number): string {
    const said = this.#heard.slice(0, length);
    this.#heard = this.#heard.slice(length + endLength);
    return said;
  }

  terminate(): void {
    this.#child.kill("SIGTERM");
  }

  async ends(): Promise<number | null> {
    this.#child.stdin?.end();
    return this.#ended;
  }
}

/** Where the last of so many lines ends; -1 where there are fewer. */
function lineEnd(text: string, count: number): number {
  let at = -1;
  for (let line = 0; line < count; line += 1) {
    at = text.indexOf("\n", at + 1);
    if (at < 0) return -1;
  }
  return at;
}
