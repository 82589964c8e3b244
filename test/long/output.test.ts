import { statSync } from "node:fs";
import { open } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { workerEnvironment } from "../../src/host/environment.ts";
import { runProcess } from "../../src/host/run-process.ts";
import { scratchFolder } from "../support/scratch.ts";

const memoryBytesMax = 60_000_000;

/** The end of a file, without the rest of it in our memory. */
async function endOf(file: string, bytes: number): Promise<string> {
  const handle = await open(file);
  try {
    const { buffer } = await handle.read(
      Buffer.alloc(bytes),
      0,
      bytes,
      statSync(file).size - bytes,
    );
    return buffer.toString("latin1");
  } finally {
    await handle.close();
  }
}

test("10 GB of output leave 50 MB in the log and never take more than 60 MB of memory", async () => {
  const logFile = path.join(scratchFolder(), "log");
  const before = process.memoryUsage.rss();
  let most = before;
  const look = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, 100);
  const result = await runProcess({
    command: "yes 'a long line of no use' | head -c 10000000000; echo; echo last",
    cwd: "/",
    env: workerEnvironment(),
    signal: new AbortController().signal,
    logFile,
  });
  clearInterval(look);
  expect(Math.max(most, process.memoryUsage.rss()) - before).toBeLessThan(memoryBytesMax);
  expect([result.end, result.stdoutTail.slice(-6)]).toEqual([
    { type: "exited", code: 0 },
    "\nlast\n",
  ]);
  expect(statSync(logFile).size).toBeLessThan(50 * 1024 * 1024 + 100);
  expect(await endOf(logFile, 60)).toMatch(/output after 52428800 bytes is left/);
}, 600_000);
