/** A long-lived reader of objects: one `cat-file --batch-command` that is asked many times, since a question costs it a
 *  hundredth of a new process. It must be closed; it ends by itself when we do, for its stdin ends then. */
import { Failure } from "../core/failure.ts";
import type { Sha } from "../core/id.ts";
import { type GitChild, startGit } from "./git.ts";
import type { RefHome } from "./ref.ts";

export type Blob =
  | { readonly type: "blob"; readonly bytes: Buffer }
  | { readonly type: "missing" }
  /** Larger than `blobBytesMax`: only its size was kept. */
  | { readonly type: "too_large"; readonly size: number };

export interface ObjectReader {
  readBlob(oid: Sha): Promise<Blob>;
  /** Waits for git to end; questions without an answer fail. */
  close(): Promise<void>;
}

export interface ObjectReaderOptions {
  /** A larger blob is read past, never held. */
  readonly blobBytesMax?: number;
  readonly signal?: AbortSignal;
}

const defaultBlobBytesMax = 20_000_000;
/** Longer than any header that git writes. */
const headerBytesMax = 1000;

export function openObjects(home: RefHome, options: ObjectReaderOptions = {}): ObjectReader {
  return new BatchReader(home, options);
}

interface Question {
  readonly oid: Sha;
  readonly answer: (blob: Blob) => void;
  readonly fail: (error: unknown) => void;
}

/** The answer that is being read: its header is known, its bytes are still coming. */
interface Incoming {
  readonly size: number;
  /** With the line end that follows. */
  missingBytes: number;
  readonly kept: Buffer[] | undefined;
}

class BatchReader implements ObjectReader {
  readonly #child: GitChild;
  readonly #ended: Promise<void>;
  readonly #blobBytesMax: number;
  readonly #questions: Question[] = [];
  #unread: Buffer = Buffer.alloc(0);
  #incoming: Incoming | undefined;
  #closed: Failure | undefined;

  constructor(home: RefHome, options: ObjectReaderOptions) {
    this.#blobBytesMax = options.blobBytesMax ?? defaultBlobBytesMax;
    this.#child = startGit({ gitDir: home.commonDir }, ["cat-file", "--batch-command"], {
      conversation: true,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    this.#child.stdout?.on("data", (chunk: Buffer) => this.#take(chunk));
    this.#child.stderr?.resume();
    this.#child.stdin?.on("error", () => undefined);
    this.#ended = new Promise((resolve) => {
      this.#child.once("error", (error) => this.#end(error, resolve));
      this.#child.once("close", () => this.#end(undefined, resolve));
    });
  }

  readBlob(oid: Sha): Promise<Blob> {
    return new Promise((answer, fail) => {
      if (this.#closed !== undefined) return fail(this.#closed);
      this.#questions.push({ oid, answer, fail });
      this.#child.stdin?.write(`contents ${oid}\n`);
    });
  }

  async close(): Promise<void> {
    this.#child.stdin?.end();
    await this.#ended;
  }

  #end(cause: unknown, resolve: () => void): void {
    this.#closed ??= new Failure("repository", "objects_unreadable", "git cat-file has ended", {
      advice: "run `pleach doctor` to see what is wrong with this repository",
      cause,
    });
    for (const question of this.#questions.splice(0)) question.fail(this.#closed);
    resolve();
  }

  #take(chunk: Buffer): void {
    this.#unread = this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk]);
    while (this.#unread.length > 0) {
      if (this.#incoming === undefined && !this.#takeHeader()) return;
      if (this.#incoming !== undefined) this.#takeBytes(this.#incoming);
    }
  }

  /** False while the header is not whole. */
  #takeHeader(): boolean {
    const end = this.#unread.indexOf(10);
    if (end < 0 && this.#unread.length < headerBytesMax) return false;
    const header = this.#unread.subarray(0, end).toString("latin1");
    this.#unread = this.#unread.subarray(end + 1);
    const size = /^[0-9a-f]+ [a-z]+ (\d+)$/.exec(header)?.[1];
    if (size === undefined) this.#questions.shift()?.answer({ type: "missing" });
    else
      this.#incoming = {
        size: Number(size),
        missingBytes: Number(size) + 1,
        kept: Number(size) > this.#blobBytesMax ? undefined : [],
      };
    return true;
  }

  #takeBytes(incoming: Incoming): void {
    const taken = this.#unread.subarray(0, incoming.missingBytes);
    this.#unread = this.#unread.subarray(taken.length);
    incoming.missingBytes -= taken.length;
    incoming.kept?.push(taken);
    if (incoming.missingBytes > 0) return;
    this.#incoming = undefined;
    const { size, kept } = incoming;
    this.#questions
      .shift()
      ?.answer(
        kept === undefined
          ? { type: "too_large", size }
          : { type: "blob", bytes: Buffer.concat(kept).subarray(0, size) },
      );
  }
}
