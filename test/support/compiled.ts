/** Our sources as plain JavaScript, for tests that need them in a Node process of its own (to kill it, to race it). */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import ts from "typescript";

const root = path.resolve(import.meta.dirname, "../..");

/** Compiles whole rooms (`core`, `host`) without type checks. `remove` belongs into afterAll. */
export function compileRooms(rooms: readonly string[]): { folder: string; remove(): void } {
  const folder = mkdtempSync(path.join(os.tmpdir(), "pleach-compiled-"));
  writeFileSync(path.join(folder, "package.json"), '{"type":"module"}');
  for (const room of rooms) {
    mkdirSync(path.join(folder, room));
    for (const name of readdirSync(path.join(root, "src", room))) {
      const text = readFileSync(path.join(root, "src", room, name), "utf8");
      const { outputText } = ts.transpileModule(text, {
        fileName: name,
        compilerOptions: {
          target: ts.ScriptTarget.ES2023,
          module: ts.ModuleKind.ESNext,
          rewriteRelativeImportExtensions: true,
          verbatimModuleSyntax: true,
        },
      });
      writeFileSync(path.join(folder, room, name.replace(/\.ts$/, ".js")), outputText);
    }
  }
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
