#!/usr/bin/env node
/** The executable: arguments in, exit code out; the only process.exit. */
import { main, sayWhatWentWrong } from "./cli/program.ts";
import type { World } from "./cli/surface.ts";

const quitMsMax = 1000;

// A reader that went away (`pleach status | head`) is no error: what nobody reads need not be said.
const gone = new Set<NodeJS.WriteStream>();
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
    gone.add(stream);
  });
}

const world: World = {
  arguments: process.argv.slice(2),
  env: process.env,
  cwd: () => process.cwd(),
  // Opened only by whoever asks something.
  get stdin() {
    return process.stdin;
  },
  stdout: process.stdout,
  stderr: process.stderr,
  openDoors: async () =>
    (await import("./cli/compose.ts")).openDoors({ quit: (code) => void quit(code) }),
};
// Node would end with 1, which means that some units did not land.
process.on("uncaughtException", (thrown) => process.exit(sayWhatWentWrong(world, thrown)));

const exitCode = await main(world);
await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
process.exit(exitCode);

/** At once: a reader that does not read is not waited for. */
async function quit(code: number): Promise<void> {
  setTimeout(() => process.exit(code), quitMsMax);
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  process.exit(code);
}

/** Everything written has reached the reader; process.exit would cut it off. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  if (gone.has(stream) || stream.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    stream.once("error", () => resolve());
    stream.write("", () => resolve());
  });
}
