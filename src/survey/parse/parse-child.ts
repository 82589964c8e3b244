/** The program of a parsing child: batches of blobs on stdin, their facts on stdout, until stdin ends. It waits for its input, for
 *  it has nothing else to do, and it ends when its parent is gone. It must never be given a path: what it reads is handed to it. */
import { readSync, writeSync } from "node:fs";
import type { BlobFacts } from "../blob-facts.ts";
import type { BatchAnswer, BatchEntry } from "./parse-protocol.ts";
import { readBlob } from "./read-blob.ts";

const lineEnd = 10;
const readAhead = Buffer.allocUnsafe(65_536);
let unread = readAhead.subarray(0, 0);

for (let line = readLine(); line !== undefined; line = readLine()) {
  const entries = JSON.parse(line) as readonly BatchEntry[];
  const answer: BlobFacts[] = [];
  const bytes = readBytes(entries.reduce((sum, [, size]) => sum + size, 0));
  let at = 0;
  for (const [dialect, size] of entries) {
    answer.push(await readBlob(dialect, bytes.subarray(at, at + size)));
    at += size;
  }
  say(answer);
}

function readLine(): string | undefined {
  const parts: Buffer[] = [];
  for (;;) {
    const end = unread.indexOf(lineEnd);
    if (end >= 0) {
      parts.push(Buffer.from(unread.subarray(0, end)));
      unread = unread.subarray(end + 1);
      return Buffer.concat(parts).toString("utf8");
    }
    parts.push(Buffer.from(unread));
    unread = readAhead.subarray(0, readSync(0, readAhead, 0, readAhead.length, null));
    if (unread.length === 0) return undefined;
  }
}

function readBytes(count: number): Buffer {
  const bytes = Buffer.allocUnsafe(count);
  const known = unread.copy(bytes);
  unread = unread.subarray(known);
  for (let at = known; at < count; ) {
    const more = readSync(0, bytes, at, count - at, null);
    // A parent that is gone needs no answer.
    if (more === 0) return bytes.fill(0, at);
    at += more;
  }
  return bytes;
}

function say(answer: BatchAnswer): void {
  let rest = Buffer.from(`${JSON.stringify(answer)}\n`);
  while (rest.length > 0) rest = rest.subarray(writeSync(1, rest));
}
