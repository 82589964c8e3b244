// Builds from nothing: build/ has a module for each source, by the TypeScript compiler, which checks the types; dist/ is the
// program that ships, bundled.
import { rmSync } from "node:fs";
import path from "node:path";
import { must, requirePackages, root } from "./set-up.mjs";

requirePackages();
rmSync(path.join(root, "build"), { recursive: true, force: true });
const tsc = path.join(root, "node_modules/typescript/bin/tsc");
must(process.execPath, [tsc, "-p", path.join(root, "tsconfig.build.json")]);
must(process.execPath, [path.join(root, "scripts/bundle.mjs")]);
