/** Starts a command in a group of its own, with real pipes and, if asked, in the sandbox; or says in words why it cannot. */
import { accessSync, closeSync, constants, existsSync, statSync } from "node:fs";
import { Readable } from "node:stream";
import { invariant, messageOf } from "../core/failure.ts";
import type { Command } from "../core/plan.ts";
import { findBubblewrap, type Sandbox, sandboxCommand } from "./bubblewrap.ts";
import { errorCode, isAbsent } from "./file.ts";
import { LoopTurns } from "./loop-turns.ts";
import { type ProgramOutput, readStream } from "./output.ts";
import { inputFile, type Pipe, readPipe, takePipe } from "./pipe.ts";
import { startProcess } from "./process.ts";
import { startOf } from "./process-table.ts";
import { type Exit, type Started, startedApart } from "./starter.ts";

export interface Program extends Started {
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

/** A start of our own takes the longer the larger our memory is. */
const starts = new LoopTurns(1);

/** The caller takes in the output before anything else is awaited. */
export async function startProgram(request: ProgramRequest): Promise<Program | NoProgram> {
  const missing = whyNoFolder(request.cwd);
  if (missing !== undefined) return { whyNot: missing };
  const argv = await argvOf(request);
  if ("whyNot" in argv) return argv;
  const pipes: (Pipe | undefined)[] = [];
  for (let out = 1; out <= outputsOf(request); out += 1) pipes.push(await takePipe());
  const input = request.input === undefined ? undefined : inputFile(request.input);
  try {
    return await started(request, argv, pipes, input);
  } catch (error) {
    for (const pipe of pipes) if (pipe) closeSync(pipe.readEnd);
    return { whyNot: whyNotStarted(error, request) };
  } finally {
    for (const pipe of pipes) if (pipe) closeSync(pipe.writeEnd);
    if (input !== undefined) closeSync(input);
  }
}

/** Its stdout, its stderr, and in the sandbox its status. */
function outputsOf({ sandbox }: ProgramRequest): number {
  return sandbox === undefined ? statusFd - 1 : statusFd;
}

/** Throws what the system says when there is no process. */
async function started(
  { cwd, env }: ProgramRequest,
  [file = "", ...args]: readonly string[],
  pipes: readonly (Pipe | undefined)[],
  input: number | undefined,
): Promise<Program> {
  const writeEnds = pipes.map((pipe) => pipe?.writeEnd);
  const apart = writeEnds.includes(undefined)
    ? undefined
    : await startedApart({ file, args, cwd, env, descriptors: [input, ...writeEnds] });
  if (apart !== undefined) return { ...apart, ...outputs(pipes, []) };
  await starts.take();
  const child = startProcess(file, args, {
    ...{ cwd, env, detached: true },
    stdio: [input ?? "ignore", ...writeEnds.map((end) => end ?? ("pipe" as const))],
  });
  const { pid } = child;
  if (pid === undefined) {
    throw await new Promise((resolve) => child.once("error", resolve));
  }
  const exit = new Promise<Exit>((resolve) => {
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
  const letGo = () => child.unref();
  return { pid, start: startOf(pid), exit, letGo, ...outputs(pipes, child.stdio.slice(1)) };
}

/** `streams` are Node's own, where there is no pipe of ours. */
function outputs(
  pipes: readonly (Pipe | undefined)[],
  streams: readonly unknown[],
): Pick<Program, "stdout" | "stderr" | "status"> {
  const [stdout, stderr, status] = pipes.map((pipe, at) => outputOf(pipe, streams[at]));
  invariant(stdout !== undefined && stderr !== undefined, "a program has both outputs");
  return { stdout, stderr, status };
}

function outputOf(pipe: Pipe | undefined, stream: unknown): ProgramOutput {
  if (pipe !== undefined) return readPipe(pipe);
  invariant(stream instanceof Readable, "a program was started without its output");
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
