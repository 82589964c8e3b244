/** One child process that rewrites files by rules, or looks for matches in texts: starting it, feeding it, watching the time it
 *  takes over each file. It is ended by SIGKILL: it has no children of its own and replaces files atomically. */
import { Failure } from "../core/failure.ts";
import { ownProgram } from "../host/own-folder.ts";
import { startProcess } from "../host/process.ts";
import type { Batch, FileDone, Ready, RuleJob } from "./codemod-protocol.ts";

export interface FileChild<B> {
  readonly pid: number | undefined;
  /** One batch at a time; it answers of its files in their order. */
  feed(batch: B, files: readonly string[]): void;
  kill(): void;
  readonly gone: Promise<void>;
}

export type RuleChild = FileChild<Batch>;

export interface FileChildOptions<Done> {
  /** As codemod-child.ts calls what it can do. */
  readonly kind: "rules" | "search";
  /** Its first line. */
  readonly job: unknown;
  readonly environment: Readonly<Record<string, string>>;
  /** How long one file may take; the child's start counts with its first. */
  readonly fileTimeMs: number;
  /** What is wrong with the rules, if anything; then it ends. */
  readonly ready?: (ready: Ready) => void;
  readonly done: (file: string, done: Done) => void;
  readonly batchDone: () => void;
  /** Called once, for whatever reason it ended; `at` is the file that it was at. */
  readonly ended: (why: string, at: string | undefined) => void;
}

const heapMegabytesMax = 2048;
const saidBytesMax = 4096;

export function startFileChild<B, Done>(options: FileChildOptions<Done>): FileChild<B> {
  return new Child<B, Done>(options);
}

class Child<B, Done> implements FileChild<B> {
  readonly gone: Promise<void>;
  readonly #options: FileChildOptions<Done>;
  readonly #process: ReturnType<typeof startProcess>;
  #files: readonly string[] = [];
  /** Which of the files it is at. */
  #at = 0;
  #ready = false;
  /** Why we ended it. */
  #why: string | undefined;
  #lastWords = "";
  #timer: NodeJS.Timeout | undefined;

  constructor(options: FileChildOptions<Done>) {
    this.#options = options;
    this.#process = startProcess(
      process.execPath,
      [
        "--expose-gc",
        `--max-old-space-size=${heapMegabytesMax}`,
        ownProgram("work/codemod-child"),
        options.kind,
      ],
      // A group of its own: what is typed at the terminal is for us, who wind down in order.
      { env: { ...options.environment }, stdio: "pipe", detached: true, cwd: "/" },
    );
    this.gone = new Promise((resolve) => this.#listen(resolve));
    this.#process.stdin?.write(`${JSON.stringify(options.job)}\n`);
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  feed(batch: B, files: readonly string[]): void {
    this.#files = files;
    this.#at = 0;
    this.#watch();
    this.#process.stdin?.write(`${JSON.stringify(batch)}\n`);
  }

  kill(): void {
    this.#process.kill("SIGKILL");
  }

  #listen(gone: () => void): void {
    const child = this.#process;
    splitLines(child.stdout, (line) => this.#hear(line));
    child.stderr?.on("data", (chunk: Buffer) => {
      this.#lastWords = (this.#lastWords + chunk.toString("utf8")).slice(-saidBytesMax);
    });
    // A child that is gone cannot be written to; its end is told by `close`.
    child.stdin?.on("error", () => undefined);
    let ended = false;
    const end = (how: string) => {
      if (ended) return;
      ended = true;
      clearTimeout(this.#timer);
      this.#options.ended(this.#why ?? this.#endedBy(how), this.#files[this.#at]);
      gone();
    };
    child.once("error", (error) => end(`could not be started (${error.message})`));
    // It has no children that could hold its output open, and its last words count: hence `close`, not `exit`.
    child.once("close", (code, signal) =>
      end(signal === null ? `ended with ${code}` : `was killed by ${signal}`),
    );
  }

  #endedBy(how: string): string {
    const said = this.#lastWords.trim().split("\n").at(-1);
    return `the codemod's process ${how}${said ? `: ${said}` : ""}`;
  }

  #hear(line: string): void {
    if (!this.#ready) {
      this.#hearReady(JSON.parse(line) as Ready);
      return;
    }
    const file = this.#files[this.#at];
    if (file === undefined) return;
    this.#at += 1;
    this.#watch();
    this.#options.done(file, JSON.parse(line) as Done);
    if (this.#at >= this.#files.length) this.#options.batchDone();
  }

  #hearReady(ready: Ready): void {
    const { problems } = ready;
    this.#ready = true;
    this.#options.ready?.(ready);
    if (problems.length === 0) return;
    this.#files = [];
    this.#why = problems.join("; ");
    this.kill();
  }

  #watch(): void {
    clearTimeout(this.#timer);
    if (this.#at >= this.#files.length) return;
    const { fileTimeMs } = this.#options;
    this.#timer = setTimeout(() => {
      this.#why = `took longer than ${fileTimeMs / 1000} s`;
      this.kill();
    }, fileTimeMs);
  }
}

type Asking = Pick<FileChildOptions<never>, "environment" | "fileTimeMs"> & {
  readonly signal: AbortSignal;
};

/** Starts a child only to hear what is wrong with the rules. Throws a Failure where none can be started. */
export async function askRuleProblems(job: RuleJob, options: Asking): Promise<readonly string[]> {
  return (await askReady({ ...options, kind: "rules", job })).problems;
}

/** What a child says before its first file. */
export async function askReady(
  options: Asking & Pick<FileChildOptions<never>, "kind" | "job">,
): Promise<Ready> {
  options.signal.throwIfAborted();
  let told: Ready | undefined;
  let silence = "";
  const child = startFileChild<never, FileDone>({
    ...options,
    ready: (ready) => {
      told = ready;
      child.kill();
    },
    done: () => undefined,
    batchDone: () => undefined,
    ended: (why) => {
      silence = why;
    },
  });
  const timer = setTimeout(() => child.kill(), options.fileTimeMs);
  const onAbort = () => child.kill();
  options.signal.addEventListener("abort", onAbort, { once: true });
  await child.gone;
  clearTimeout(timer);
  options.signal.removeEventListener("abort", onAbort);
  options.signal.throwIfAborted();
  if (told !== undefined) return told;
  throw new Failure("environment", "codemod_child_failed", silence, {
    advice: "see that Node and the installation of pleach are whole",
  });
}

function splitLines(stream: NodeJS.ReadableStream | null, hear: (line: string) => void): void {
  let rest = "";
  stream?.setEncoding("utf8");
  stream?.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) hear(line);
  });
}
