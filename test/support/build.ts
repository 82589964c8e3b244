/** Bundles dist/ once before the tests: what starts the built program, or its child processes, finds it up to date. Types are
 *  not checked here; `npm run check` does. */
import path from "node:path";
import { startProcess } from "../../src/host/process.ts";

const root = path.resolve(import.meta.dirname, "../..");

export async function setup(): Promise<void> {
  const args = [path.join(root, "scripts/bundle.mjs")];
  const child = startProcess(process.execPath, args, { cwd: root, stdio: "inherit" });
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error("dist/ could not be built: see the lines above");
}
