// `npm run simulate [-- SEEDS] [FIRST]`: the seeded simulation of the whole loop, on demand.
import path from "node:path";
import { requirePackages, root } from "./set-up.mjs";

requirePackages();
// Only now: on a fresh clone it was not there before.
const { runnerImport } = await import("vite");
const { module } = await runnerImport(path.join(root, "test/simulate/main.ts"));
process.exitCode = await module.main(process.argv.slice(2), (line) => console.log(line));
