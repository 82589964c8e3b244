/** The bytes of many blobs out of one `cat-file --batch`, in the order asked for. Nobody waits for an answer before the next
 *  question, and git waits while nobody reads: however many there are, few are in memory. */
import { Failure } from "../core/failure.ts";
import type { Sha } from "../core/id.ts";
import { startGit } from "./git.ts";
import type { RefHome } from "./ref.ts";

export interface StreamedBlob {
  readonly oid: Sha;
  /** Undefined where git has no such object. */
  readonly bytes: Buffer | undefined;
}

/** As many at a time as have come in. Throws a Failure where git ends before it has said all. */
export async function* streamBlobs(
  home: RefHome,
  oids: readonly Sha[],
  signal: AbortSignal,
): AsyncGenerator<readonly StreamedBlob[]> {
  if (oids.length === 0) return;
  const child = startGit({ gitDir: home.commonDir }, ["cat-file", "--batch", "--buffer"], {
    input: "",
    signal,
  });
  const ended = new Promise<number | null>((resolve) => {
    child.once("error", () => resolve(null));
    child.once("close", resolve);
  });
  let complaint = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    complaint = (complaint + chunk.toString("utf8")).slice(-5000);
  });
  // Git may end before it has read all questions; that too little has come tells so.
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(oids.map((oid) => `${oid}\n`).join(""));
  const splitter = new AnswerSplitter(oids);
  try {
    for await (const chunk of child.stdout ?? []) {
      const whole = splitter.take(chunk as Buffer);
      if (whole.length > 0) yield whole;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw unreadable(complaint, error);
  } finally {
    // Whoever stops reading early ends git too: nothing else tells it.
    child.kill("SIGKILL");
    await ended;
  }
  signal.throwIfAborted();
  if (splitter.missing > 0) throw unreadable(complaint, undefined);
}

function unreadable(complaint: string, cause: unknown): Failure {
  const said = complaint.trim().split("\n").at(-1) ?? "";
  const message = `git cat-file has ended early${said === "" ? "" : `: ${said}`}`;
  return new Failure("repository", "objects_unreadable", message, {
    advice: "run `git fsck` to see what is wrong with this repository",
    cause,
  });
}

class AnswerSplitter {
  readonly #oids: readonly Sha[];
  #next = 0;
  /** Chunks of the answer that is not whole yet, and how long they are together. */
  #parts: Buffer[] = [];
  #length = 0;
  /** What is needed before it is worth looking again. */
  #wanted = 1;

  constructor(oids: readonly Sha[]) {
    this.#oids = oids;
  }

  get missing(): number {
    return this.#oids.length - this.#next;
  }

  take(chunk: Buffer): readonly StreamedBlob[] {
    this.#parts.push(chunk);
    this.#length += chunk.length;
    if (this.#length < this.#wanted) return [];
    const bytes = this.#parts.length === 1 ? chunk : Buffer.concat(this.#parts, this.#length);
    const made: StreamedBlob[] = [];
    let at = 0;
    this.#wanted = 1;
    while (this.#next < this.#oids.length) {
      const end = bytes.indexOf(10, at);
      if (end < 0) break;
      const size = sizeIn(bytes.toString("latin1", at, end));
      const from = end + 1;
      // A line end follows the bytes.
      const after = size === undefined ? from : from + size + 1;
      if (after > bytes.length) {
        this.#wanted = after - at;
        break;
      }
      const oid = this.#oids[this.#next] as Sha;
      made.push({
        oid,
        bytes: size === undefined ? undefined : bytes.subarray(from, from + size),
      });
      this.#next += 1;
      at = after;
    }
    this.#parts = at === bytes.length ? [] : [bytes.subarray(at)];
    this.#length = bytes.length - at;
    return made;
  }
}

/** Of `<oid> <type> <size>`; undefined of `<oid> missing`. */
function sizeIn(header: string): number | undefined {
  const size = /^[0-9a-f]+ [a-z]+ (\d+)$/.exec(header)?.[1];
  return size === undefined ? undefined : Number(size);
}
