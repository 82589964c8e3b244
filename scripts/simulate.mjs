// npm run simulate -- [SEEDS] [FIRST]: the seeded simulation of the whole loop, on demand, shared out among the processors.
import { fork } from "node:child_process";
import { availableParallelism } from "node:os";
import path from "node:path";
import { runnerImport } from "vite";

const seeds = Number(process.argv[2] ?? 10_000);
const first = Number(process.argv[3] ?? 0);
const sharedFrom = 1000;

if (![seeds, first].every((number) => Number.isInteger(number) && number >= 0)) {
  console.error("npm run simulate -- [SEEDS] [FIRST]: two numbers");
  process.exitCode = 2;
} else if (process.send === undefined && seeds >= sharedFrom) process.exitCode = await shareOut();
else {
  const file = path.join(import.meta.dirname, "../test/simulate/main.ts");
  const { module } = await runnerImport(file);
  process.exitCode = await module.main([seeds, first], (line) => console.log(line));
}

async function shareOut() {
  const begun = performance.now();
  const shares = availableParallelism();
  const size = Math.ceil(seeds / shares);
  const codes = await Promise.all(
    Array.from({ length: shares }, (_, share) => {
      const count = Math.max(0, Math.min(size, seeds - share * size));
      const child = fork(import.meta.filename, [String(count), String(first + share * size)]);
      return new Promise((resolve) => child.once("exit", (code) => resolve(code ?? 1)));
    }),
  );
  const failed = codes.filter((code) => code !== 0).length;
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  const verdict = failed === 0 ? "no violation" : `${failed} ended at a violation`;
  console.log(`${seeds} seeds in ${shares} shares, ${verdict}, ${seconds} s`);
  return failed === 0 ? 0 : 1;
}
