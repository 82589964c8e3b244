/** Keeping an exchange folder in the run's record. What lies in it is the worker's making, so nothing is followed, opened
 *  blindly or copied without a limit, and what is left out is named. */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Redact } from "../agent/redaction.ts";
import { readWorkerFile } from "./worker-file.ts";

const fileBytesMax = 10_000_000;
const recordBytesMax = 50_000_000;
const entriesMax = 500;
const depthMax = 8;

/** These stand at the top of the record; everything else goes under `extra/`, where it cannot pass for a log of ours. */
const expected: readonly string[] = ["TASK.md", "RESULT.json", "FILES", "inbox", "outbox"];

/** Copies the exchange folder, without keys, into the record of the attempt and answers with the paths it left out: what is no regular
 *  file, cannot be read, is too large or too much. Only for an exchange that nobody writes to any more. */
export function recordExchange(
  exchange: string,
  record: string,
  redact?: Redact,
): readonly string[] {
  const { files, leftOut } = listExchange(exchange);
  let bytesLeft = recordBytesMax;
  for (const path of files) {
    const file = readWorkerFile(join(exchange, path), Math.min(fileBytesMax, bytesLeft));
    if (file.type === "read") {
      writeRecord(record, path, without(redact, file.bytes));
      bytesLeft -= file.bytes.length;
    } else leftOut.push(path);
  }
  return leftOut;
}

/** Byte for byte but for what is taken out. */
function without(redact: Redact | undefined, bytes: Buffer): Buffer {
  if (redact === undefined) return bytes;
  return Buffer.from(redact(bytes.toString("latin1")), "latin1");
}

/** Paths of everything in the exchange that is not a folder, each relative to it. */
function listExchange(exchange: string): { files: string[]; leftOut: string[] } {
  const files: string[] = [];
  const leftOut: string[] = [];
  const folders = [{ path: "", depth: 0 }];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const entries = entriesOf(join(exchange, folder.path));
    if (entries === undefined) leftOut.push(folder.path);
    for (const entry of entries ?? []) {
      const path = join(folder.path, entry.name);
      const full = files.length + leftOut.length + folders.length >= entriesMax;
      if (full) return { files, leftOut: [...leftOut, `${path} and what comes after it`] };
      const enter = entry.isDirectory() && folder.depth < depthMax;
      if (enter) folders.push({ path, depth: folder.depth + 1 });
      else files.push(path);
    }
  }
  return { files, leftOut };
}

/** Undefined for a folder that the worker closed to us or took away. */
function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    if (["EACCES", "EPERM", "ENOENT", "ENOTDIR", "ELOOP"].includes(code)) return undefined;
    throw error;
  }
}

function writeRecord(record: string, path: string, bytes: Buffer): void {
  const top = path.split("/", 1)[0] ?? path;
  const to = join(record, expected.includes(top) ? path : join("extra", path));
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, bytes);
}
