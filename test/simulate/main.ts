/** `npm run simulate -- [SEEDS] [FIRST]`: runs many seeds and prints the journal of the first that fails. */
import { simulate } from "./simulate.ts";

export async function main(args: readonly unknown[], print: (line: string) => void) {
  const count = Number(args[0] ?? 10_000);
  const first = Number(args[1] ?? 0);
  const begun = performance.now();
  let crashes = 0;
  for (let seed = first; seed < first + count; seed++) {
    const verdict = await simulate(seed);
    crashes += verdict.crashes;
    if (verdict.violations.length === 0) continue;
    for (const line of verdict.journal) print(JSON.stringify(line));
    print(`seed ${seed}: ${verdict.violations.join("; ")}`);
    print(`again: npm run simulate -- 1 ${seed}`);
    return 1;
  }
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  print(`${count} seeds, ${crashes} crashes, 0 violations, ${seconds} s`);
  return 0;
}
