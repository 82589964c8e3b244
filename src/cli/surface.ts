/** Where a command is spoken to and speaks: flags that every command has, stdout for the result, stderr for the progress, and the
 *  doors, opened only when they are needed. */
import path from "node:path";
import type { Readable } from "node:stream";
import type { Command } from "commander";
import { Failure } from "../core/failure.ts";
import { jsonText } from "../core/text.ts";
import type { Paint } from "../view/words.ts";
import type { Doors, Where } from "./doors.ts";
import { usage } from "./failure.ts";

/** A stream that is written to; a real one, or a test's. */
export interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

/** What the program was started with. */
export interface World {
  readonly arguments: readonly string[];
  readonly env: {
    readonly TERM?: string | undefined;
    readonly CI?: string | undefined;
    readonly NO_COLOR?: string | undefined;
    readonly VISUAL?: string | undefined;
    readonly EDITOR?: string | undefined;
  };
  /** Throws where the directory was deleted. */
  cwd(): string;
  /** Absent: nobody can answer. */
  readonly stdin?: Readable & { readonly isTTY?: boolean };
  readonly stdout: Stream;
  readonly stderr: Stream;
  openDoors(): Promise<Doors>;
}

export interface Globals {
  readonly repo?: string;
  readonly config?: string;
  readonly json: boolean;
  readonly color: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

export interface Surface {
  readonly world: World;
  readonly globals: Globals;
  readonly where: Where;
}

export interface Session {
  /** Carries a command out and keeps its exit code. */
  act(command: Command, carryOut: (surface: Surface) => Promise<number>): Promise<void>;
}

/** Of a pipe or a file, where nothing says how wide it is. */
const plainWidth = 160;
const terminalWidth = 80;

export function addGlobals(command: Command): Command {
  return command
    .option("-C, --repo <dir>", "work on the repository in this directory")
    .option("--config <file>", "read this file instead of .agentrc.json")
    .option("--json", "print one JSON document on stdout")
    .option("--no-color", "no colours")
    .option("-q, --quiet", "no progress, a short result")
    .option("-v, --verbose", "say more");
}

export function surfaceOf(command: Command, world: World): Surface {
  const globals = globalsOf(command);
  if (globals.quiet && globals.verbose) {
    throw usage("conflicting_option", "-q and -v cannot be used together", "leave one of them out");
  }
  const dir = path.resolve(currentDirectory(world, globals.repo), globals.repo ?? ".");
  const config = globals.config === undefined ? undefined : path.resolve(dir, globals.config);
  return { world, globals, where: { dir, config } };
}

/** A program sees no colours and no moving lines, nor does a person who asked for none. */
export function isPlain(surface: Surface, stream: Stream): boolean {
  const { env } = surface.world;
  return stream.isTTY !== true || env.TERM === "dumb" || (env.CI ?? "") !== "";
}

export function hasColour(surface: Surface, stream: Stream): boolean {
  const refused = (surface.world.env.NO_COLOR ?? "") !== "";
  return surface.globals.color && !refused && !isPlain(surface, stream);
}

/** A terminal that does not know how wide it is says 0. */
export function widthOf(stream: Stream): number {
  return stream.isTTY === true ? stream.columns || terminalWidth : plainWidth;
}

/** How a result is laid out on stdout. */
export async function resultLook(
  surface: Surface,
): Promise<{ readonly width: number; readonly paint: Paint }> {
  const { makePaint } = await import("../view/words.ts");
  const { stdout } = surface.world;
  return { width: widthOf(stdout), paint: makePaint(hasColour(surface, stdout)) };
}

export function printDocument(surface: Surface, document: unknown): void {
  surface.world.stdout.write(`${jsonText(document, 2)}\n`);
}

function currentDirectory(world: World, repo: string | undefined): string {
  if (repo !== undefined && path.isAbsolute(repo)) return repo;
  try {
    return world.cwd();
  } catch (cause) {
    const advice = "change into a directory that exists, or name one with -C";
    const message = "the current directory does not exist any more";
    throw new Failure("repository", "no_directory", message, { advice, cause });
  }
}

/** Flags before the command's name count as well as those after it. */
function globalsOf(command: Command): Globals {
  const found: Partial<Globals>[] = [];
  for (let at: Command | null = command; at; at = at.parent)
    found.push(at.opts<Partial<Globals>>());
  const repo = found.find((flags) => flags.repo !== undefined)?.repo;
  const config = found.find((flags) => flags.config !== undefined)?.config;
  return {
    ...(repo === undefined ? {} : { repo }),
    ...(config === undefined ? {} : { config }),
    json: found.some((flags) => flags.json),
    color: found.every((flags) => flags.color !== false),
    quiet: found.some((flags) => flags.quiet),
    verbose: found.some((flags) => flags.verbose),
  };
}
