/** Paths as git knows them are bytes; ours are text. Bytes that are not UTF-8 become lone surrogates (0xE9 → U+DCE9), as
 *  Python does it: no two paths become the same text, and every text finds back to its bytes. */
import type { RepoPath } from "../core/id.ts";

const beyondAscii = /[\u0080-\u00ff]/;
/** A surrogate that belongs to no pair. */
const lone = /\p{Cs}/u;
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** `bytes` is a path that was read as latin1: one character a byte. */
export function pathFromBytes(bytes: string): RepoPath {
  if (!beyondAscii.test(bytes)) return bytes as RepoPath;
  return bytes.split("/").map(segmentText).join("/") as RepoPath;
}

/** The path's bytes, as latin1 text: one character a byte. */
export function pathToBytes(path: string): string {
  if (!lone.test(path)) return Buffer.from(path, "utf8").toString("latin1");
  return path.split("/").map(segmentBytes).join("/");
}

/** Whether a path's name is not UTF-8: programs that take text cannot open it. */
export function isUnreadablePath(path: string): boolean {
  return lone.test(path);
}

function segmentText(bytes: string): string {
  try {
    return strict.decode(Buffer.from(bytes, "latin1"));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return bytes.replace(/[\u0080-\u00ff]/g, (byte) =>
      String.fromCharCode(0xdc00 + byte.charCodeAt(0)),
    );
  }
}

function segmentBytes(segment: string): string {
  if (!lone.test(segment)) return Buffer.from(segment, "utf8").toString("latin1");
  return segment.replace(/[\udc80-\udcff]/g, (mark) =>
    String.fromCharCode(mark.charCodeAt(0) - 0xdc00),
  );
}
