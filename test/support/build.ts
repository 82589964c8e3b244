/** Builds dist/ once before the tests: what starts the built program, or its child processes, finds it up to date. Types are
 *  not checked here (`npm run check` does), and what did not change is not built again. */
import { chmodSync, existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { startProcess } from "../../src/host/process.ts";

const root = path.resolve(import.meta.dirname, "../..");

export async function setup(): Promise<void> {
  const typescript = createRequire(import.meta.url).resolve("typescript/package.json");
  const args = [
    path.join(path.dirname(typescript), "bin/tsc"),
    ...["-p", path.join(root, "tsconfig.build.json"), "--noCheck"],
    ...["--incremental", "--tsBuildInfoFile", path.join(root, "dist/.tsbuildinfo")],
  ];
  const child = startProcess(process.execPath, args, { cwd: root, stdio: "inherit" });
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error("dist/ could not be built: see the lines above");
  const program = path.join(root, "dist/main.js");
  if (existsSync(program)) chmodSync(program, 0o755);
}
