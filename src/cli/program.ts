/** The door of the program: the arguments in, an exit code out. What a command needs beyond its flags it loads when it runs, so
 *  that `--version` and `--help` stay near the start of a bare Node. */

import { Command, CommanderError } from "commander";
import { keepMemorySmall } from "../host/memory.ts";
import { failureDocument, failureText, understand, usage, usageFailure } from "./failure.ts";
import { addGlobals, type Session, surfaceOf, type World } from "./surface.ts";
import { versionOfPackage } from "./version.ts";

interface Outline {
  readonly summary: string;
  readonly load: () => Promise<(command: Command, session: Session) => void>;
}

/** In the order of `--help`. A command's own file is read when it is the one that was typed. */
const commands: Readonly<Record<string, Outline>> = {
  run: {
    summary: "plan, work, verify, merge and land",
    load: async () => (await import("./run.ts")).defineRun,
  },
  plan: {
    summary: "show the units that a run would have",
    load: async () => (await import("./plan.ts")).definePlan,
  },
  resume: {
    summary: "go on with an interrupted or paused run",
    load: async () => (await import("./resume.ts")).defineResume,
  },
  status: {
    summary: "show a run, or all of them",
    load: async () => (await import("./status.ts")).defineStatus,
  },
  logs: {
    summary: "show an attempt's task, output and checks",
    load: async () => (await import("./logs.ts")).defineLogs,
  },
  report: {
    summary: "tell what became of a run, and why",
    load: async () => (await import("./report.ts")).defineReport,
  },
  approve: {
    summary: "let what waits for approval go on",
    load: async () => (await import("./answer.ts")).defineApprove,
  },
  deny: {
    summary: "refuse what waits for approval",
    load: async () => (await import("./answer.ts")).defineDeny,
  },
  message: {
    summary: "say something to a unit, also after it has ended",
    load: async () => (await import("./message.ts")).defineMessage,
  },
  pause: {
    summary: "let nothing new begin in a run",
    load: async () => (await import("./pause.ts")).definePause,
  },
  cancel: {
    summary: "end a run, or one of its units",
    load: async () => (await import("./cancel.ts")).defineCancel,
  },
  land: {
    summary: "move the target to a finished run's result",
    load: async () => (await import("./land.ts")).defineLand,
  },
  undo: {
    summary: "take a landing back",
    load: async () => (await import("./undo.ts")).defineUndo,
  },
  clean: {
    summary: "remove what runs left",
    load: async () => (await import("./clean.ts")).defineClean,
  },
  agents: {
    summary: "list the agents and where each is from",
    load: async () => (await import("./agents.ts")).defineAgents,
  },
  doctor: {
    summary: "say what is wrong here",
    load: async () => (await import("./doctor.ts")).defineDoctor,
  },
  trust: {
    summary: "trust what this repository's configuration runs",
    load: async () => (await import("./trust.ts")).defineTrust,
  },
};

/** Never throws: what goes wrong is said, and is an exit code. */
export async function main(world: World): Promise<number> {
  // Before what a command needs is loaded: memory that has grown stays.
  keepMemorySmall();
  let exitCode = 0;
  const session: Session = {
    async act(command, carryOut) {
      exitCode = await carryOut(surfaceOf(command, world));
    },
  };
  try {
    const typed = helpAsFlag(world.arguments);
    await programOf(world, session).parseAsync([...typed], { from: "user" });
    return exitCode;
  } catch (thrown) {
    return sayWhatWentWrong(world, thrown);
  }
}

/** `pleach help run` is `pleach run --help`. */
function helpAsFlag(typed: readonly string[]): readonly string[] {
  const [first, command, ...more] = typed;
  if (first !== "help") return typed;
  if (command === undefined) return ["--help"];
  return Object.hasOwn(commands, command) ? [command, "--help"] : [command, ...more];
}

function programOf(world: World, session: Session): Command {
  const program = new Command("pleach")
    .description(
      "Splits a large change among many workers, verifies what they made, and merges it.",
    )
    .usage("<command> [options]")
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .helpCommand(false)
    .addHelpText("after", "\nMore on a command: pleach help <command>")
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void world.stdout.write(text),
      writeErr: (text) => void world.stderr.write(text),
      // Said by sayWhatWentWrong instead, in the form of every other failure.
      outputError: () => undefined,
      getOutHelpWidth: () => Math.min(100, world.stdout.columns || 80),
      getOutHasColors: () => false,
    })
    .version(
      world.arguments.includes("--version") || world.arguments.includes("-V")
        ? versionOfPackage()
        : "",
      "-V, --version",
      "print the version",
    );
  addGlobals(program);
  for (const [name, { summary }] of Object.entries(commands))
    program.command(name).summary(summary);
  program.hook("preSubcommand", async (_, command) => {
    const define = await commands[command.name()]?.load();
    define?.(command, session);
  });
  return program;
}

/** The exit code of what was thrown, after saying it. */
export function sayWhatWentWrong(world: World, thrown: unknown): number {
  if (thrown instanceof CommanderError && thrown.exitCode === 0) return 0;
  const failure = understand(thrown instanceof CommanderError ? failureOf(world, thrown) : thrown);
  const typed = beforeDashes(world.arguments);
  const json = typed.includes("--json");
  if (json || typed.includes("--ndjson"))
    world.stdout.write(failureDocument(failure, json ? 2 : 0));
  const verbose = typed.includes("-v") || typed.includes("--verbose");
  world.stderr.write(failureText(failure, verbose));
  return failure.exitCode;
}

function failureOf(world: World, error: CommanderError) {
  const command = world.arguments.find((one) => Object.hasOwn(commands, one));
  if (error.code !== "commander.help") return usageFailure(error, command);
  return usage("missing_command", "no command was given", "type one of the commands above");
}

function beforeDashes(typed: readonly string[]): readonly string[] {
  const dashes = typed.indexOf("--");
  return dashes < 0 ? typed : typed.slice(0, dashes);
}
