/** One of our modules, bundled as plain JavaScript where the program's own folder is found from it: for a Node process of its
 *  own that starts our child processes. */
import path from "node:path";
import { rolldown } from "rolldown";

const root = path.resolve(import.meta.dirname, "../..");

/** The bundle of `src/<name>.ts`. */
export async function bundledModule(name: string): Promise<string> {
  const bundle = await rolldown({
    cwd: root,
    input: path.join(root, "src", `${name}.ts`),
    platform: "node",
    external: /^[^./]/,
  });
  const file = path.join(root, "build/bundled", `${name}.mjs`);
  await bundle.write({ file, format: "esm" });
  await bundle.close();
  return file;
}
