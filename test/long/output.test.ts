import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { workerEnvironment } from "../../src/host/environment.ts";
import { runProcess } from "../../src/host/run-process.ts";
import { scratchFolder } from "../support/scratch.ts";

test("10 GB of output leave 50 MB in the log and no more than 150 MB in memory", async () => {
  const logFile = path.join(scratchFolder(), "log");
  const before = process.memoryUsage.rss();
  const result = await runProcess({
    command: "yes 'a long line of no use' | head -c 10000000000; echo; echo last",
    cwd: "/",
    env: workerEnvironment(),
    signal: new AbortController().signal,
    logFile,
  });
  expect([result.end, result.stdoutTail.slice(-6)]).toEqual([
    { type: "exited", code: 0 },
    "\nlast\n",
  ]);
  expect(statSync(logFile).size).toBeLessThan(50 * 1024 * 1024 + 100);
  expect(readFileSync(logFile, "latin1").slice(-60)).toMatch(/output after 52428800 bytes is left/);
  expect(process.memoryUsage.rss() - before).toBeLessThan(150_000_000);
}, 600_000);
