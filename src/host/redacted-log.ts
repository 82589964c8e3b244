/** A log that secrets do not get into, though what a program prints comes in pieces: the end of a line is held back until it is
 *  known whether a secret begins in it. It must never join what two streams said into one word, nor change other bytes. */
import type { OutputLog } from "./output.ts";

/** No key is longer. */
const heldCharactersMax = 4096;

/** `redact` is given text of one character a byte, and what it made already. */
export function redactedLog(log: OutputLog, redact: (text: string) => string): OutputLog {
  const held: Record<"stdout" | "stderr", string> = { stdout: "", stderr: "" };
  const write = (text: string) => {
    if (text !== "") log.add(Buffer.from(text, "latin1"), "stdout");
  };
  return {
    add: (chunk, stream) => {
      const text = redact(held[stream] + chunk.toString("latin1"));
      const cut = Math.max(text.lastIndexOf("\n") + 1, text.length - heldCharactersMax);
      held[stream] = text.slice(cut);
      write(text.slice(0, cut));
    },
    end: () => {
      for (const stream of ["stdout", "stderr"] as const) write(held[stream]);
      log.end();
    },
    close: log.close,
  };
}
