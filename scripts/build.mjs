// Builds dist/ from src/ with the TypeScript compiler, from nothing each time.
import { chmodSync, rmSync } from "node:fs";
import path from "node:path";
import { must, requirePackages, root } from "./set-up.mjs";

requirePackages();
rmSync(path.join(root, "dist"), { recursive: true, force: true });
const tsc = path.join(root, "node_modules/typescript/bin/tsc");
must(process.execPath, [tsc, "-p", path.join(root, "tsconfig.build.json")]);
chmodSync(path.join(root, "dist/main.js"), 0o755);
