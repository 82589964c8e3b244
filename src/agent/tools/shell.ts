/** `shell`: a command in the worktree, in the sandbox where there is one, within its time. What it started ends with it, and
 *  all that it said is kept in a file. */
import { open } from "node:fs/promises";
import * as z from "zod";
import { unreachable } from "../../core/failure.ts";
import { shown } from "../../core/problem.ts";
import { fileFailure } from "../../host/file.ts";
import { type ProcessEnd, type ProcessResult, runProcess } from "../../host/run-process.ts";
import { newOutput } from "../output-file.ts";
import { answering } from "../refusal.ts";
import { type Tool, type ToolResult, tool, type Workplace } from "../tool.ts";
import { readContent } from "../worktree-file.ts";
import { placeIn } from "../worktree-path.ts";

const headBytesMax = 4000;
const tailBytesMax = 8000;
const outputBytesMax = 20 * 1024 * 1024;
const timeoutSecondsMax = 3600;
const changedToldMax = 20;
const lookedAtMax = 500;

const shape = z.strictObject({
  command: z
    .string()
    .min(1)
    .max(100_000)
    .regex(/^[^\0]*$/, "holds a NUL character")
    .describe("Run by sh -c at the root of the worktree"),
  timeout: z.int().min(1).max(timeoutSecondsMax).optional().describe("Seconds"),
});

export function shellTool(workplace: Workplace): Tool {
  const seconds = Math.round(workplace.shell.timeoutMs / 1000);
  const place =
    workplace.shell.sandbox === undefined
      ? ""
      : ` It runs in a sandbox: only the worktree and /tmp can be written, git's own files only read, the home directory is empty${workplace.shell.sandbox.network ? "" : ", and there is no network"}.`;
  return tool({
    name: "shell",
    description: `Runs a command by sh in the root of the worktree, without input, for at most ${seconds} seconds; nothing that it starts goes on afterwards.${place} The beginning and end of its output are shown, the whole is kept in a file.`,
    shape,
    effect: "changes",
    call: (given, signal) => answering(signal, () => shell(workplace, given, signal)),
  });
}

async function shell(
  workplace: Workplace,
  given: z.output<typeof shape>,
  signal: AbortSignal,
): Promise<ToolResult> {
  const { sandbox, env, mark, timeoutMs } = workplace.shell;
  const logFile = newOutput(workplace.outputs, "shell", "log");
  const limitMs = Math.min(timeoutMs, (given.timeout ?? timeoutSecondsMax) * 1000);
  const result = await runProcess({
    ...{ command: given.command, cwd: workplace.worktree, env, mark, logFile, signal },
    outputBytesMax,
    redact: workplace.redact,
    timeoutMs: limitMs,
    ...(sandbox === undefined ? {} : { sandbox }),
  });
  const output = await outputOf(logFile);
  const text = [
    output,
    `[${endOf(result.end, limitMs)}; ${result.seconds.toFixed(1)} seconds]`,
    ...leftOf(result),
    ...(await changedFiles(workplace)),
  ].join("\n");
  const isGood = result.end.type === "exited" && result.end.code === 0;
  return { type: isGood ? "done" : "failed", text, isForeign: true };
}

function endOf(end: ProcessEnd, limitMs: number): string {
  switch (end.type) {
    case "exited":
      return `exit code ${end.code}`;
    case "signalled":
      return `ended by ${end.signal}`;
    case "timed_out":
      return `stopped: it took longer than ${limitMs / 1000} seconds`;
    case "aborted":
      return "stopped before its end";
    case "not_started":
      return `it could not be started: ${end.message}`;
    default:
      return unreachable(end);
  }
}

function leftOf({ left }: ProcessResult): readonly string[] {
  return left.length === 0 ? [] : [`[these processes could not be ended: ${left.join(", ")}]`];
}

/** The beginning and the end of what is in the log. */
async function outputOf(logFile: string): Promise<string> {
  try {
    const handle = await open(logFile, "r");
    try {
      const { size } = await handle.stat();
      if (size <= headBytesMax + tailBytesMax) {
        const said = (await bytesAt(handle, 0, size)).replace(/\n$/, "");
        return said === "" ? "[it printed nothing]" : said;
      }
      const head = await bytesAt(handle, 0, headBytesMax);
      const tail = await bytesAt(handle, size - tailBytesMax, tailBytesMax);
      const rest = size - headBytesMax - tailBytesMax;
      const where = `[… ${rest} bytes are left out here; all of it is in ${logFile}: read or grep it …]`;
      return `${head}\n${where}\n${tail.replace(/\n$/, "")}`;
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fileFailure(error, `read ${logFile}`);
  }
}

async function bytesAt(
  handle: Awaited<ReturnType<typeof open>>,
  at: number,
  length: number,
): Promise<string> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, at);
  return new TextDecoder().decode(buffer.subarray(0, bytesRead));
}

/** Files that the agent knew and that are others now, by this command or by another agent meanwhile. */
async function changedFiles(workplace: Workplace): Promise<readonly string[]> {
  const changed: string[] = [];
  for (const path of workplace.files.paths().slice(-lookedAtMax)) {
    if (changed.length > changedToldMax) break;
    if (await isOther(workplace, path)) changed.push(shown(path));
  }
  if (changed.length === 0) return [];
  const names = changed.slice(0, changedToldMax).join(", ");
  const rest = changed.length > changedToldMax ? " and others" : "";
  return [`[changed since you read them: ${names}${rest}; read them again before you edit them]`];
}

async function isOther(workplace: Workplace, path: string): Promise<boolean> {
  const looked = await answering(new AbortController().signal, async () => {
    const content = await readContent(await placeIn(workplace.worktree, path));
    const isKnown =
      content !== undefined && workplace.files.acquaintance(path, content.bytes) !== "changed";
    return { type: isKnown ? "done" : "failed", text: "" };
  });
  return looked.type === "failed";
}
