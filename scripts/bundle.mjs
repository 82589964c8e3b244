// Bundles src/ into dist/, so that a command loads a few files instead of several hundred. What every command needs is
// bundled with it; what few need is loaded from its package when they do. Types are not checked here.
import { chmodSync, existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { rolldown } from "rolldown";
import { root } from "./set-up.mjs";

const bundled =
  /^(?:ci-info|zod|yaml|commander|picomatch|jsonc-parser|p-queue|p-timeout|eventemitter3)(?:\/|$)/;
const sources = path.join(root, "src");

const bundle = await rolldown({
  cwd: root,
  // Each is a program of its own, found at dist/ by its name.
  input: {
    main: path.join(sources, "main.ts"),
    "host/starter-child": path.join(sources, "host/starter-child.ts"),
    "work/codemod-child": path.join(sources, "work/codemod-child.ts"),
    "survey/parse/parse-child": path.join(sources, "survey/parse/parse-child.ts"),
  },
  platform: "node",
  // Some packages ship modules for bundlers beside what Node loads, which cannot be bundled.
  resolve: { mainFields: ["module", "main"] },
  tsconfig: path.join(root, "tsconfig.build.json"),
  external: (name) => /^[^./]/.test(name) && !path.isAbsolute(name) && !bundled.test(name),
});
// A file is read whole before it begins; names stay, for whoever reads a stack.
const spacing = { compress: false, mangle: false, codegen: { removeWhitespace: true } };
const made = mkdtempSync(path.join(root, "dist."));
await bundle.write({
  dir: made,
  format: "esm",
  chunkFileNames: "parts/[name]-[hash].js",
  minify: spacing,
});
await bundle.close();
chmodSync(made, 0o755);
chmodSync(path.join(made, "main.js"), 0o755);
replace(path.join(root, "dist"), made);

/** Whoever starts the program meanwhile finds the old one or the new one. */
function replace(folder, by) {
  const old = `${by}.old`;
  if (existsSync(folder)) renameSync(folder, old);
  renameSync(by, folder);
  rmSync(old, { recursive: true, force: true });
}
