/** Facts of everything at a commit that is worth reading: from the cache where it knows them, else out of git and through the parsing
 *  children. However many files there are, few are in memory at once. */
import { availableParallelism } from "node:os";
import type { Sha } from "../core/id.ts";
import { streamBlobs } from "../git/blob-stream.ts";
import type { RefHome } from "../git/ref.ts";
import type { TreeEntry } from "../git/tree.ts";
import { type BlobFacts, type Dialect, dialectOf } from "./blob-facts.ts";
import { readKnownFacts, writeKnownFacts } from "./facts-cache.ts";
import type { KeptFile } from "./kept-file.ts";
import { openParsePool, type ParsePool } from "./parse/parse-pool.ts";

/** Larger files are no sources that people wrote; the largest of TypeScript's has 3 MB. */
export const hugeBytesMin = 4_000_000;
const batchBytesMax = 400_000;
const batchFilesMax = 200;
const batchTimeMs = 30_000;
const childrenMax = 8;
/** Less is parsed sooner than another child has started. */
const bytesPerChild = 1_000_000;
/** Batches in memory for each child: the one that it reads, and what it reads next. */
const batchesPerChild = 3;

/** Endings of what is binary by custom, so that it need not be read to be told. */
const binaryEndings =
  /\.(?:png|jpe?g|gif|webp|avif|ico|bmp|tiff?|psd|pdf|zip|gz|tgz|bz2|xz|zst|7z|rar|jar|war|class|o|a|so|dylib|dll|exe|bin|wasm|woff2?|ttf|otf|eot|mp[34]|m4[av]|mov|avi|webm|ogg|wav|flac|sqlite|db|pyc|node)$/i;

/** What is known of an entry without its bytes, if that is all that will be known. */
export function kindWithoutReading({ mode, path, size = 0 }: TreeEntry) {
  if (mode === "120000") return "symlink";
  if (mode === "160000") return "submodule";
  if (size >= hugeBytesMin) return "huge";
  return binaryEndings.test(path) ? "binary" : undefined;
}

export interface FactsRequest {
  readonly home: RefHome;
  readonly entries: readonly TreeEntry[];
  readonly cache: KeptFile;
  readonly signal: AbortSignal;
}

/** In the order of the entries; undefined where `kindWithoutReading` says all, and where git has lost the bytes. */
export async function readFacts(
  request: FactsRequest,
): Promise<readonly (BlobFacts | undefined)[]> {
  const keys = request.entries.map((entry) =>
    kindWithoutReading(entry) === undefined ? keyOf(entry) : undefined,
  );
  const known = await readKnownFacts(request.cache);
  const used = new Map<string, BlobFacts>();
  const unknown = new Map<string, Wanted>();
  request.entries.forEach((entry, at) => {
    const key = keys[at];
    if (key === undefined) return;
    const facts = known.get(key);
    if (facts !== undefined) used.set(key, facts);
    else
      unknown.set(key, {
        key,
        oid: entry.oid,
        dialect: dialectOf(entry.path),
        bytes: entry.size ?? 0,
      });
  });
  if (unknown.size === 0) return keys.map((key) => (key === undefined ? undefined : used.get(key)));
  const read = await readUnknown(request, [...unknown.values()]);
  for (const [key, facts] of read) if (facts.unread === undefined) used.set(key, facts);
  await writeKnownFacts(request.cache, used, known);
  return keys.map((key) => (key === undefined ? undefined : (used.get(key) ?? read.get(key))));
}

function keyOf({ path, oid }: TreeEntry): string {
  return `${dialectOf(path)}:${oid}`;
}

interface Wanted {
  readonly key: string;
  readonly oid: Sha;
  readonly dialect: Dialect;
  readonly bytes: number;
}

async function readUnknown(
  { home, signal }: FactsRequest,
  wanted: readonly Wanted[],
): Promise<ReadonlyMap<string, BlobFacts>> {
  const bytes = wanted.reduce((sum, one) => sum + one.bytes, 0);
  const children = Math.min(
    childrenMax,
    availableParallelism(),
    Math.max(1, Math.ceil(bytes / bytesPerChild)),
  );
  const pool = openParsePool({ childrenMax: children, batchTimeMs, signal });
  const feeder = new Feeder(pool, children * batchesPerChild);
  try {
    let at = 0;
    const oids = wanted.map(({ oid }) => oid);
    for await (const blobs of streamBlobs(home, oids, signal)) {
      for (const blob of blobs) {
        const one = wanted[at];
        at += 1;
        if (one !== undefined && blob.bytes !== undefined) feeder.add(one, blob.bytes);
      }
      await feeder.room();
    }
    return await feeder.finish();
  } finally {
    await pool.close();
  }
}

/** Makes batches of blobs as they come, and keeps what is open within its bound. */
class Feeder {
  readonly #pool: ParsePool;
  readonly #openMax: number;
  readonly #facts = new Map<string, BlobFacts>();
  readonly #open = new Set<Promise<void>>();
  #entries: { readonly key: string; readonly dialect: Dialect; readonly bytes: Buffer }[] = [];
  #bytes = 0;

  constructor(pool: ParsePool, openMax: number) {
    this.#pool = pool;
    this.#openMax = openMax;
  }

  add({ key, dialect }: Wanted, bytes: Buffer): void {
    this.#entries.push({ key, dialect, bytes });
    this.#bytes += bytes.length;
    if (this.#bytes >= batchBytesMax || this.#entries.length >= batchFilesMax) this.#send();
  }

  /** Waits until another batch may be made. */
  async room(): Promise<void> {
    while (this.#open.size > this.#openMax) await Promise.race(this.#open);
  }

  async finish(): Promise<ReadonlyMap<string, BlobFacts>> {
    this.#send();
    await Promise.all(this.#open);
    return this.#facts;
  }

  #send(): void {
    const entries = this.#entries;
    this.#entries = [];
    this.#bytes = 0;
    if (entries.length === 0) return;
    const work = this.#pool.read({ entries }).then((facts) => {
      entries.forEach(({ key }, at) => {
        const one = facts[at];
        if (one !== undefined) this.#facts.set(key, one);
      });
      this.#open.delete(work);
    });
    // Its failure is thrown where it is waited for; until then nobody has heard of it.
    work.catch(() => undefined);
    this.#open.add(work);
  }
}
