// npm run simulate -- [SEEDS] [FIRST]: the seeded simulation of the whole loop, on demand.
import path from "node:path";
import { runnerImport } from "vite";

const file = path.join(import.meta.dirname, "../test/simulate/main.ts");
const { module } = await runnerImport(file);
process.exitCode = await module.main(process.argv.slice(2), (line) => console.log(line));
