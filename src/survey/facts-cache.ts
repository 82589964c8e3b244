/** Facts of blobs from one survey to the next: what has not changed is not read again. */
import type { BlobFacts } from "./blob-facts.ts";
import type { KeptFile } from "./kept-file.ts";

/** By dialect and object id. */
export type KnownFacts = ReadonlyMap<string, BlobFacts>;

const entriesMax = 200_000;
const charactersMax = 100_000_000;

export async function readKnownFacts(file: KeptFile): Promise<KnownFacts> {
  const entries = (await file.read()) as readonly (readonly [string, BlobFacts])[] | undefined;
  return new Map(entries);
}

/** Those of `used` come first; of `others` as many are kept as there is room for. */
export function writeKnownFacts(
  file: KeptFile,
  used: KnownFacts,
  others: KnownFacts,
): Promise<void> {
  const kept: string[] = [];
  let length = 0;
  for (const entry of usedFirst(used, others)) {
    const text = JSON.stringify(entry);
    length += text.length;
    if (kept.length >= entriesMax || length > charactersMax) break;
    kept.push(text);
  }
  return file.write(`[${kept.join(",")}]`);
}

function* usedFirst(used: KnownFacts, others: KnownFacts): Generator<[string, BlobFacts]> {
  yield* used;
  for (const entry of others) if (!used.has(entry[0])) yield entry;
}
