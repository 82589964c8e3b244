// `npm run schema`: writes agentrc.schema.json from the description in src/config/schema.ts.
import { writeFileSync } from "node:fs";
import path from "node:path";
import { must, root } from "./set-up.mjs";

must(process.execPath, [path.join(root, "scripts/build.mjs")]);
const { configJsonSchema } = await import("../build/config/schema.js");
const file = path.join(root, "agentrc.schema.json");
writeFileSync(file, `${JSON.stringify(configJsonSchema(), undefined, 2)}\n`);
const biome = path.join(root, "node_modules/@biomejs/biome/bin/biome");
must(process.execPath, [biome, "format", "--write", file]);
