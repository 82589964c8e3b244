/** Facts of blobs, kept beside the user's repository: a file that may be lost, cut short or written by another version at any time,
 *  and then counts as empty. Two surveys at once each leave a whole file; what only one of them knew may be read once more. */
import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { isAbsent, writeAtomically } from "../host/file.ts";
import type { BlobFacts } from "./blob-facts.ts";

/** By dialect and object id. */
export type KnownFacts = ReadonlyMap<string, BlobFacts>;

export interface FactsCache {
  read(): Promise<KnownFacts>;
  /** Those of `used` come first; of `others` as many are kept as there is room for. Never fails for what the disk says. */
  write(used: KnownFacts, others: KnownFacts): Promise<void>;
}

const entriesMax = 200_000;
const bytesMax = 100_000_000;

/** `version` says how facts were made: others mean nothing to us. */
export function factsCache(file: string, version: string): FactsCache {
  return {
    read: () => readFacts(file, version),
    write: (used, others) => writeFacts(file, version, [...used, ...newOnes(others, used)]),
  };
}

function* newOnes(others: KnownFacts, used: KnownFacts): Generator<[string, BlobFacts]> {
  for (const entry of others) if (!used.has(entry[0])) yield entry;
}

async function readFacts(file: string, version: string): Promise<KnownFacts> {
  const bytes = await readIfWhole(file);
  if (bytes === undefined) return new Map();
  const end = bytes.indexOf(10);
  const body = bytes.subarray(end + 1);
  if (end < 0 || bytes.toString("utf8", 0, end) !== headerOf(version, body)) return new Map();
  // What has our header and our hash was written by us, whole.
  return new Map(JSON.parse(body.toString("utf8")) as [string, BlobFacts][]);
}

async function readIfWhole(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    // A cache that cannot be read is none, whatever the reason; only what is no error of the disk is ours.
    if (isAbsent(error) || (error as NodeJS.ErrnoException).code !== undefined) return undefined;
    throw error;
  }
}

async function writeFacts(
  file: string,
  version: string,
  entries: readonly (readonly [string, BlobFacts])[],
): Promise<void> {
  const kept: string[] = [];
  let length = 0;
  for (const entry of entries) {
    const text = JSON.stringify(entry);
    length += text.length;
    if (kept.length >= entriesMax || length > bytesMax) break;
    kept.push(text);
  }
  const body = Buffer.from(`[${kept.join(",\n")}]`);
  try {
    await mkdir(path.dirname(file), { recursive: true });
    await writeAtomically(file, Buffer.concat([Buffer.from(`${headerOf(version, body)}\n`), body]));
  } catch {
    // A full or read-only disk costs the next survey time, and this one nothing.
  }
}

function headerOf(version: string, body: Buffer): string {
  return `pleach-facts ${version} ${createHash("sha256").update(body).digest("hex")}`;
}
