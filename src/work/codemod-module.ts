/** What Node has against the text of a codemod's module, asked before a run begins. It parses and must never run the module: that
 *  happens in the sandbox alone. */
import path from "node:path";
import { runProcess } from "../host/run-process.ts";
import { oneLine } from "./tail.ts";

const checkTimeoutMs = 30_000;

/** One line with the file, the line and what is wrong there; undefined where Node has nothing to say, or is not sure itself: which
 *  syntax a file is written in may depend on where it is loaded from. */
export async function moduleProblem(
  file: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { end, stderrTail } = await runProcess({
    command: [process.execPath, "--check", file],
    cwd: path.dirname(file),
    env: {},
    timeoutMs: checkTimeoutMs,
    signal,
  });
  if (end.type !== "exited" || end.code === 0) return undefined;
  const said = /^SyntaxError: (.*)$/m.exec(stderrTail)?.[1];
  if (said === undefined || /\b(?:import|export|module|await)\b/.test(said)) return undefined;
  const line = /^.*:(\d+)$/m.exec(stderrTail)?.[1];
  return oneLine(`${file}${line === undefined ? "" : `:${line}`}: ${said}`);
}
