/** A few parsing children, started when first needed, each given one batch at a time. One that dies or takes too long over a batch is
 *  replaced, and its files are tried one by one: only the file that does it is left without facts. */
import type { BlobFacts } from "../blob-facts.ts";
import { type Batch, type ParseProcess, startParseProcess } from "./parse-process.ts";

export interface ParsePool {
  /** Facts in the order of the entries. Waits for its turn; rejects only with the reason of the signal. */
  read(batch: Batch): Promise<readonly BlobFacts[]>;
  /** How many batches wait for a child or are with one. */
  readonly open: number;
  close(): Promise<void>;
}

export interface ParsePoolOptions {
  readonly childrenMax: number;
  readonly batchTimeMs: number;
  readonly signal: AbortSignal;
}

/** Where so many children end, something is wrong with the machine and not with a file. */
const lostMax = 50;

export function openParsePool(options: ParsePoolOptions): ParsePool {
  return new ChildPool(options);
}

class ChildPool implements ParsePool {
  readonly #options: ParsePoolOptions;
  readonly #all = new Set<ParseProcess>();
  readonly #idle: ParseProcess[] = [];
  readonly #waiting: ((child: ParseProcess | undefined) => void)[] = [];
  readonly #onAbort: () => void;
  #open = 0;
  #lost = 0;
  #closed = false;

  constructor(options: ParsePoolOptions) {
    this.#options = options;
    this.#onAbort = () => void this.close();
    options.signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  get open(): number {
    return this.#open;
  }

  async read(batch: Batch): Promise<readonly BlobFacts[]> {
    this.#open += 1;
    try {
      return await this.#readWhole(batch);
    } finally {
      this.#open -= 1;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#options.signal.removeEventListener("abort", this.#onAbort);
    for (const resolve of this.#waiting.splice(0)) resolve(undefined);
    const all = [...this.#all];
    for (const child of all) child.kill();
    await Promise.all(all.map((child) => child.gone));
  }

  async #readWhole(batch: Batch): Promise<readonly BlobFacts[]> {
    const child = await this.#take();
    if (child === undefined) {
      this.#options.signal.throwIfAborted();
      return batch.entries.map(() => unreadFacts("the survey was ended"));
    }
    const outcome = await child.read(batch);
    this.#options.signal.throwIfAborted();
    if (outcome.type === "read") {
      this.#giveBack(child);
      return outcome.facts;
    }
    await this.#drop(child);
    if (batch.entries.length === 1 || this.#lost > lostMax)
      return batch.entries.map(() => unreadFacts(outcome.why));
    const facts: BlobFacts[] = [];
    for (const entry of batch.entries) facts.push(...(await this.#readWhole({ entries: [entry] })));
    return facts;
  }

  #take(): Promise<ParseProcess | undefined> | ParseProcess | undefined {
    if (this.#closed) return undefined;
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    if (this.#all.size < this.#options.childrenMax) {
      const child = startParseProcess(this.#options.batchTimeMs);
      this.#all.add(child);
      return child;
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #giveBack(child: ParseProcess): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(child);
    else next(child);
  }

  async #drop(child: ParseProcess): Promise<void> {
    this.#lost += 1;
    child.kill();
    await child.gone;
    this.#all.delete(child);
    const next = this.#waiting.shift();
    if (next === undefined) return;
    if (this.#closed) return next(undefined);
    const another = startParseProcess(this.#options.batchTimeMs);
    this.#all.add(another);
    next(another);
  }
}

/** Not kept in any cache: it may be this machine's fault. */
function unreadFacts(why: string): BlobFacts {
  return { kind: "unparsable", why, unread: true };
}
