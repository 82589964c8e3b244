// A codemod as a module: gives every relative import, export-from and dynamic import of a TypeScript file its `.js` ending.
// A folder is imported by its index file, so the codemod looks at the tree that lies around the file: it runs in the worktree.
import { statSync } from "node:fs";
import path from "node:path";
import ts from "typescript";

// biome-ignore lint/style/noDefaultExport: a codemod module is its default export
export default function addEndings(source, { path: file }) {
  let changed = source;
  // From the last to the first, so that the positions before stay right.
  for (const { fileName: specifier, pos } of relativeImports(source).reverse()) {
    const ending = missingEnding(specifier, path.dirname(file));
    // The position is that of the opening quote.
    const end = pos + 1 + specifier.length;
    changed = changed.slice(0, end) + ending + changed.slice(end);
  }
  return changed === source ? undefined : changed;
}

function relativeImports(source) {
  const { importedFiles } = ts.preProcessFile(source, true, false);
  const relative = importedFiles.filter(({ fileName }) => /^\.{1,2}(\/|$)/.test(fileName));
  return relative.sort((a, b) => a.pos - b.pos);
}

function missingEnding(specifier, folder) {
  if (/\.(js|mjs|cjs|json)$/.test(specifier)) return "";
  if (specifier.endsWith("/")) return "index.js";
  const target = path.join(folder, specifier);
  // A file is preferred to a folder of the same name, as TypeScript does.
  if (isFile(`${target}.ts`) || isFile(`${target}.tsx`)) return ".js";
  return isFolder(target) ? "/index.js" : ".js";
}

function isFile(name) {
  return statSync(name, { throwIfNoEntry: false })?.isFile() ?? false;
}

function isFolder(name) {
  return statSync(name, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
