/** One parsing child: starting it, giving it a batch, hearing the answer. It is ended by SIGKILL, for it has no children and writes
 *  nothing; whoever has it must end it. */
import { messageOf } from "../../core/failure.ts";
import { workerEnvironment } from "../../host/environment.ts";
import { ownProgram } from "../../host/own-folder.ts";
import { startProcess } from "../../host/process.ts";
import type { Dialect } from "../blob-facts.ts";
import type { BatchAnswer } from "./parse-protocol.ts";

export interface Batch {
  readonly entries: readonly {
    readonly dialect: Dialect;
    readonly bytes: Buffer;
  }[];
}

export type BatchOutcome =
  | { readonly type: "read"; readonly facts: BatchAnswer }
  /** The child is gone. */
  | { readonly type: "failed"; readonly why: string };

export interface ParseProcess {
  /** One batch at a time; never rejects. */
  read(batch: Batch): Promise<BatchOutcome>;
  kill(): void;
  readonly gone: Promise<void>;
}

const heapMegabytesMax = 1024;
const saidCharsMax = 4096;

export function startParseProcess(batchTimeMs: number): ParseProcess {
  return new Child(batchTimeMs);
}

class Child implements ParseProcess {
  readonly gone: Promise<void>;
  readonly #process: ReturnType<typeof startProcess>;
  readonly #batchTimeMs: number;
  #heard: Buffer[] = [];
  #lastWords = "";
  #end: string | undefined;
  #answer: ((outcome: BatchOutcome) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(batchTimeMs: number) {
    this.#batchTimeMs = batchTimeMs;
    const flags = ["--expose-gc", `--max-old-space-size=${heapMegabytesMax}`];
    this.#process = startProcess(
      process.execPath,
      [...flags, ownProgram("survey/parse/parse-child")],
      // A group of its own: what is typed at the terminal is for us, who wind down in order.
      { env: workerEnvironment(), stdio: "pipe", detached: true, cwd: "/" },
    );
    this.gone = new Promise((resolve) => this.#listen(resolve));
  }

  read({ entries }: Batch): Promise<BatchOutcome> {
    return new Promise((resolve) => {
      if (this.#end !== undefined) return resolve({ type: "failed", why: this.#end });
      this.#answer = resolve;
      this.#timer = setTimeout(() => this.#tooLong(), this.#batchTimeMs);
      const sizes = entries.map(({ dialect, bytes }) => [dialect, bytes.length]);
      const { stdin } = this.#process;
      // Held back until all of it can go out at once.
      stdin?.cork();
      stdin?.write(`${JSON.stringify(sizes)}\n`);
      for (const { bytes } of entries) stdin?.write(bytes);
      stdin?.uncork();
    });
  }

  kill(): void {
    this.#process.kill("SIGKILL");
  }

  #listen(gone: () => void): void {
    const child = this.#process;
    child.stdout?.on("data", (chunk: Buffer) => this.#hear(chunk));
    child.stderr?.on("data", (chunk: Buffer) => {
      this.#lastWords = (this.#lastWords + chunk.toString("utf8")).slice(-saidCharsMax);
    });
    // A child that is gone cannot be written to; its end is told by `close`.
    child.stdin?.on("error", () => undefined);
    const end = (how: string) => {
      const said = this.#lastWords.trim().split("\n").at(-1);
      this.#end ??= `the parser's process ${how}${said ? `: ${said}` : ""}`;
      this.#settle({ type: "failed", why: this.#end });
      gone();
    };
    child.once("error", (error) => end(`could not be started: ${messageOf(error)}`));
    child.once("close", (code, signal) =>
      end(signal === null ? `ended with ${code}` : `was killed by ${signal}`),
    );
  }

  /** An answer is one line. */
  #hear(chunk: Buffer): void {
    this.#heard.push(chunk);
    if (chunk.at(-1) !== 10) return;
    const line = Buffer.concat(this.#heard).toString("utf8");
    this.#heard = [];
    this.#settle({ type: "read", facts: JSON.parse(line) as BatchAnswer });
  }

  #settle(outcome: BatchOutcome): void {
    clearTimeout(this.#timer);
    const answer = this.#answer;
    this.#answer = undefined;
    answer?.(outcome);
  }

  #tooLong(): void {
    this.#end = `took longer than ${this.#batchTimeMs / 1000} s`;
    this.kill();
  }
}
