/** A surface to type at: streams that keep what was written, and doors that answer as they are told. The run itself is not here:
 *  what is tested is only what a command asks for and how it prints the answer. */
import type { Doors } from "../../src/cli/doors.ts";
import { main } from "../../src/cli/program.ts";
import type { Stream, World } from "../../src/cli/surface.ts";

export interface Typed {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface TypeOptions {
  readonly tty?: boolean;
  /** Of a terminal; 100 if absent. */
  readonly columns?: number;
  readonly env?: World["env"];
  readonly stdin?: World["stdin"];
  /** Told of everything that is written, when it is. */
  readonly sees?: (text: string) => void;
}

/** Types a command line; a door that is not given here must not be knocked at. */
export async function type(
  line: readonly string[],
  doors: Partial<Doors> = {},
  options: TypeOptions = {},
): Promise<Typed> {
  const stdout = keeper(options);
  const stderr = keeper(options);
  const code = await main({
    arguments: line,
    env: options.env ?? {},
    cwd: () => "/somewhere",
    ...(options.stdin === undefined ? {} : { stdin: options.stdin }),
    stdout: stdout.stream,
    stderr: stderr.stream,
    openDoors: async () => withClosed(doors),
  });
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

function keeper({ tty: isTTY = false, columns = 100, sees }: TypeOptions): {
  readonly stream: Stream;
  text(): string;
} {
  let kept = "";
  const stream: Stream = {
    isTTY,
    columns,
    write(text) {
      kept += text;
      sees?.(text);
    },
  };
  return { stream, text: () => kept };
}

function withClosed(doors: Partial<Doors>): Doors {
  return new Proxy(doors as Doors, {
    get(open, name) {
      if (name in open || typeof name !== "string" || name === "then")
        return Reflect.get(open, name);
      throw new Error(`nobody was to knock at ${name}`);
    },
  });
}
