/** A run's children for rule codemods: a few, started when first needed, each fed one batch of files at a time. A child that
 *  dies or takes too long over a file is replaced; whose files it had is told, and never waits for ever. */
import { rmSync } from "node:fs";
import path from "node:path";
import { halfFile } from "./codemod-file.ts";
import type { FileDone, RuleJob } from "./codemod-protocol.ts";
import { type RuleChild, startFileChild } from "./codemod-rule-child.ts";
import { emptyTally, type Tally, withFile } from "./codemod-tally.ts";

export type RuleOutcome =
  | { readonly type: "done"; readonly tally: Tally }
  | ({ readonly type: "failed"; readonly tally: Tally } & RuleFault)
  | { readonly type: "stopped" };

export interface RuleFault {
  readonly message: string;
  /** The operating system's, such as `ENOSPC`. */
  readonly code?: string | undefined;
}

export interface RulePool {
  /** Never rejects, and settles only when no child touches the worktree any more. */
  rewrite(worktree: string, files: readonly string[], signal: AbortSignal): Promise<RuleOutcome>;
  /** Ends the children; what they were at is stopped. */
  close(): Promise<void>;
}

export interface PoolOptions {
  readonly job: RuleJob;
  readonly environment: Readonly<Record<string, string>>;
  readonly children: number;
  readonly fileTimeMs: number;
  /** Start a child now: it takes a while until it can work. */
  readonly soon?: boolean;
}

/** Small enough that several children share a unit's files evenly, large enough that asking costs nothing. */
const batchFiles = 40;

/** As many files wait before a further child is started. */
const filesPerStart = 20;

interface Piece {
  readonly work: Work;
  readonly files: readonly string[];
}

interface Request {
  readonly worktree: string;
  readonly files: readonly string[];
  readonly signal: AbortSignal;
  readonly resolve: (outcome: RuleOutcome) => void;
}

interface Work {
  readonly worktree: string;
  /** Batches that are waiting or with a child. */
  open: number;
  tally: Tally;
  fault: RuleFault | undefined;
  stopped: boolean;
  readonly settle: (outcome: RuleOutcome) => void;
}

export function createRulePool(options: PoolOptions): RulePool {
  return new ChildPool(options);
}

class ChildPool implements RulePool {
  readonly #options: PoolOptions;
  readonly #waiting: Piece[] = [];
  /** What each child is at. */
  readonly #children = new Map<RuleChild, Piece | undefined>();

  constructor(options: PoolOptions) {
    this.#options = options;
    if (options.soon === true) this.#startChild();
  }

  rewrite(worktree: string, files: readonly string[], signal: AbortSignal): Promise<RuleOutcome> {
    if (signal.aborted) return Promise.resolve({ type: "stopped" });
    return new Promise((resolve) => this.#begin({ worktree, files, signal, resolve }));
  }

  #begin({ worktree, files, signal, resolve }: Request): void {
    const batches = batchesOf(files);
    const onAbort = () => this.#stop(work);
    const work: Work = {
      worktree,
      // One more than there are, so that a unit without files is done at once.
      open: batches.length + 1,
      tally: emptyTally,
      fault: undefined,
      stopped: false,
      settle: (outcome) => {
        signal.removeEventListener("abort", onAbort);
        resolve(outcome);
      },
    };
    signal.addEventListener("abort", onAbort, { once: true });
    this.#waiting.push(...batches.map((batch) => ({ work, files: batch })));
    closeBatches(work, 1);
    this.#pump();
  }

  async close(): Promise<void> {
    for (const work of new Set(this.#waiting.map((piece) => piece.work))) this.#stop(work);
    for (const piece of this.#children.values()) if (piece) this.#stop(piece.work);
    const children = [...this.#children.keys()];
    for (const child of children) child.kill();
    await Promise.all(children.map((child) => child.gone));
  }

  #pump(): void {
    while (this.#waiting.length > 0) {
      const child = this.#idleChild();
      const piece = child && this.#waiting.shift();
      if (child === undefined || piece === undefined) return;
      this.#children.set(child, piece);
      child.feed({ worktree: piece.work.worktree, files: piece.files }, piece.files);
    }
  }

  #idleChild(): RuleChild | undefined {
    for (const [child, piece] of this.#children) if (piece === undefined) return child;
    return this.#children.size < this.#childrenWorthIt() ? this.#startChild() : undefined;
  }

  /** A child that starts takes as long as others over some dozens of files. */
  #childrenWorthIt(): number {
    const files = this.#waiting.reduce((sum, piece) => sum + piece.files.length, 0);
    const busy = [...this.#children.values()].filter((piece) => piece !== undefined).length;
    return Math.min(
      this.#options.children,
      Math.max(1, busy + Math.ceil(files / filesPerStart) - 1),
    );
  }

  #startChild(): RuleChild {
    const child: RuleChild = startFileChild({
      ...this.#options,
      kind: "rules",
      done: (file, done: FileDone) => this.#fileDone(child, file, done),
      batchDone: () => {
        this.#release(child);
        this.#pump();
      },
      ended: (why, at) => {
        this.#childEnded(child, why, at);
        this.#pump();
      },
    });
    this.#children.set(child, undefined);
    return child;
  }

  #fileDone(child: RuleChild, file: string, done: FileDone): void {
    const work = this.#children.get(child)?.work;
    if (work === undefined) return;
    work.tally = withFile(work.tally, file, done);
    if (done.state !== "failed") return;
    this.#fail(work, { message: `${file}: ${done.why}`, code: done.code });
  }

  #childEnded(child: RuleChild, why: string, at: string | undefined): void {
    const piece = this.#children.get(child);
    if (piece !== undefined) {
      if (at !== undefined && child.pid !== undefined) {
        rmSync(halfFile(path.join(piece.work.worktree, at), child.pid), { force: true });
      }
      this.#fail(piece.work, { message: at === undefined ? why : `${why} at ${at}` });
      this.#release(child);
    }
    this.#children.delete(child);
  }

  #release(child: RuleChild): void {
    const piece = this.#children.get(child);
    this.#children.set(child, undefined);
    if (piece !== undefined) closeBatches(piece.work, 1);
  }

  #fail(work: Work, fault: RuleFault): void {
    work.fault ??= fault;
    this.#withdraw(work);
  }

  #stop(work: Work): void {
    work.stopped = true;
    for (const [child, piece] of this.#children) if (piece?.work === work) child.kill();
    this.#withdraw(work);
  }

  /** Takes back what no child has begun. */
  #withdraw(work: Work): void {
    const kept = this.#waiting.filter((piece) => piece.work !== work);
    const taken = this.#waiting.length - kept.length;
    this.#waiting.splice(0, this.#waiting.length, ...kept);
    closeBatches(work, taken);
  }
}

function closeBatches(work: Work, number: number): void {
  work.open -= number;
  if (work.open > 0 || number === 0) return;
  const { tally, fault } = work;
  if (work.stopped) work.settle({ type: "stopped" });
  else if (fault !== undefined) work.settle({ type: "failed", ...fault, tally });
  else work.settle({ type: "done", tally });
}

function batchesOf(files: readonly string[]): readonly (readonly string[])[] {
  const number = Math.ceil(files.length / batchFiles);
  return Array.from({ length: number }, (_, at) =>
    files.slice(at * batchFiles, (at + 1) * batchFiles),
  );
}
