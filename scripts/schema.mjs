// Writes agentrc.schema.json from the description in src/config/schema.ts (built first: `npm run schema`).
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { configJsonSchema } from "../dist/config/schema.js";

const root = path.dirname(import.meta.dirname);
const file = path.join(root, "agentrc.schema.json");
writeFileSync(file, `${JSON.stringify(configJsonSchema(), undefined, 2)}\n`);
const biome = createRequire(import.meta.url).resolve("@biomejs/biome/bin/biome");
const formatted = spawnSync(process.execPath, [biome, "format", "--write", file], {
  stdio: "inherit",
});
process.exit(formatted.status ?? 1);
