/** What we keep beside the user's repository to save time: files that may be lost, cut short or written by another version at any
 *  time, and then count as absent. Two surveys at once each leave a whole file; the later one stays. */
import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { errorCode, writeAtomically } from "../host/file.ts";

export interface KeptFile {
  /** What was written last, if it was written by the same version and is whole. */
  read(): Promise<unknown>;
  /** `json` is what `read` answers, as text. Never fails for what the disk says. */
  write(json: string): Promise<void>;
}

/** `version` says what made the content: that of others means nothing to us. */
export function keptFile(file: string, version: string): KeptFile {
  return {
    read: async () => {
      const bytes = await readIfThere(file);
      const end = bytes?.indexOf(10) ?? -1;
      if (bytes === undefined || end < 0) return undefined;
      const body = bytes.subarray(end + 1);
      const header = bytes.toString("utf8", 0, end);
      const isOurs = header.startsWith(headOf(version)) && header === headerOf(version, body);
      if (!isOurs) return undefined;
      // What has our header and our hash was written by us, whole.
      return JSON.parse(body.toString("utf8"));
    },
    write: async (json) => {
      const body = Buffer.from(json);
      const header = Buffer.from(`${headerOf(version, body)}\n`);
      try {
        await mkdir(path.dirname(file), { recursive: true });
        await writeAtomically(file, Buffer.concat([header, body]));
      } catch {
        // A full or read-only disk costs the next survey time, and this one nothing.
      }
    },
  };
}

async function readIfThere(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    // A cache that the disk does not give us is none, whatever the reason.
    if (errorCode(error) === undefined) throw error;
    return undefined;
  }
}

function headerOf(version: string, body: Buffer): string {
  const hash = createHash("sha256").update(body).digest("hex");
  return `${headOf(version)}${hash}`;
}

function headOf(version: string): string {
  return `pleach-survey ${version} `;
}
