/** Starts a command in a group of its own, with real pipes and, if asked, in the sandbox; or says in words why it cannot. */
import { accessSync, closeSync, constants, existsSync, statSync } from "node:fs";
import type { Readable } from "node:stream";
import { invariant, messageOf } from "../core/failure.ts";
import type { Command } from "../core/plan.ts";
import { findBubblewrap, type Sandbox, sandboxCommand } from "./bubblewrap.ts";
import { errorCode, isAbsent } from "./file.ts";
import { LoopTurns } from "./loop-turns.ts";
import { type ProgramOutput, readStream } from "./output.ts";
import { inputFile, type Pipe, readPipe, takePipe } from "./pipe.ts";
import { startProcess } from "./process.ts";

export interface Program {
  readonly child: ReturnType<typeof startProcess>;
  readonly pid: number;
  readonly stdout: ProgramOutput;
  readonly stderr: ProgramOutput;
  /** What bubblewrap tells of the command within. */
  readonly status: ProgramOutput | undefined;
}

export interface ProgramRequest {
  readonly command: Command;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly sandbox?: Sandbox;
}

interface NoProgram {
  /** One line. */
  readonly whyNot: string;
}

const statusFd = 3;

/** A start takes the longer the larger our memory is. */
const starts = new LoopTurns(1);

/** The caller listens to the program before anything else is awaited. */
export async function startProgram(request: ProgramRequest): Promise<Program | NoProgram> {
  const missing = whyNoFolder(request.cwd);
  if (missing !== undefined) return { whyNot: missing };
  const argv = await argvOf(request);
  if ("whyNot" in argv) return argv;
  const pipes = [await takePipe(), await takePipe()];
  await starts.take();
  const input = request.input === undefined ? undefined : inputFile(request.input);
  try {
    return await spawned(request, argv, pipes, input);
  } catch (error) {
    for (const pipe of pipes) if (pipe) closeSync(pipe.readEnd);
    return { whyNot: whyNotStarted(error, request) };
  } finally {
    for (const pipe of pipes) if (pipe) closeSync(pipe.writeEnd);
    if (input !== undefined) closeSync(input);
  }
}

/** Throws what the system says when there is no process. */
async function spawned(
  request: ProgramRequest,
  [program = "", ...args]: readonly string[],
  [out, err]: readonly (Pipe | undefined)[],
  input: number | undefined,
): Promise<Program> {
  const status = request.sandbox === undefined ? [] : ["pipe" as const];
  const child = startProcess(program, args, {
    cwd: request.cwd,
    env: request.env,
    detached: true,
    stdio: [input ?? "ignore", out?.writeEnd ?? "pipe", err?.writeEnd ?? "pipe", ...status],
  });
  if (child.pid === undefined) {
    throw await new Promise((resolve) => child.once("error", resolve));
  }
  const told = (child.stdio[statusFd] ?? undefined) as Readable | undefined;
  return {
    child,
    pid: child.pid,
    stdout: outputOf(out, child.stdout),
    stderr: outputOf(err, child.stderr),
    status: told && readStream(told),
  };
}

function outputOf(pipe: Pipe | undefined, stream: Readable | null): ProgramOutput {
  if (pipe !== undefined) return readPipe(pipe);
  invariant(stream !== null, "a program was started without its output");
  return readStream(stream);
}

async function argvOf(request: ProgramRequest): Promise<readonly string[] | NoProgram> {
  const { command, sandbox } = request;
  const argv = typeof command === "string" ? ["sh", "-c", command] : command;
  if (!argv[0]) return { whyNot: "the command is empty" };
  if (sandbox === undefined) return argv;
  const bubblewrap = findBubblewrap();
  if (bubblewrap === undefined) return { whyNot: "bubblewrap (bwrap) is not installed" };
  try {
    return [...(await sandboxCommand(bubblewrap, sandbox, request, statusFd)), ...argv];
  } catch (error) {
    return { whyNot: `the sandbox could not be made: ${messageOf(error)}` };
  }
}

/** Node says "no such program" of a missing folder too. */
function whyNoFolder(cwd: string): string | undefined {
  try {
    if (!statSync(cwd).isDirectory()) return `${cwd}, where it was to run, is not a folder`;
    accessSync(cwd, constants.X_OK);
    return undefined;
  } catch (error) {
    if (isAbsent(error)) return `the folder ${cwd}, where it was to run, does not exist`;
    return `the folder ${cwd}, where it was to run, cannot be entered: ${messageOf(error)}`;
  }
}

function whyNotStarted(error: unknown, request: ProgramRequest): string {
  const name = typeof request.command === "string" ? "sh" : (request.command[0] ?? "");
  const quoted = JSON.stringify(name);
  switch (errorCode(error)) {
    case "ENOENT":
      return name.startsWith("/") && existsSync(name)
        ? `the interpreter that ${quoted} names in its first line is missing`
        : `there is no program ${quoted}`;
    case "EACCES":
      return `${quoted} may not be executed (see its mode)`;
    default:
      return `${quoted} could not be started: ${messageOf(error)}`;
  }
}
