// Proves what a run claims: `node check-endings.mjs all` ends with 0 only if every relative import below src/ has its ending
// and leads to a file, `… none` only if none has one. It walks the whole syntax tree, so that it and the codemods cannot be
// wrong in the same way.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";

const wanted = process.argv[2];
const files = readdirSync("src", { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => path.join("src", name));
const specifiers = files.flatMap(relativeSpecifiers);
const wrong = specifiers.filter(({ file, specifier }) =>
  wanted === "all" ? !leadsToFile(file, specifier) : specifier.endsWith(".js"),
);

for (const { file, specifier } of wrong.slice(0, 20)) console.log(`${file}: ${specifier}`);
console.log(`${wrong.length} of ${specifiers.length} relative imports are not as they should be`);
process.exitCode = wrong.length === 0 && specifiers.length > 0 ? 0 : 1;

function leadsToFile(file, specifier) {
  if (!specifier.endsWith(".js")) return false;
  return existsSync(path.join(path.dirname(file), specifier.replace(/\.js$/, ".ts")));
}

function relativeSpecifiers(file) {
  const text = readFileSync(file, "utf8");
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest);
  const found = [];
  const visit = (node) => {
    const specifier = specifierOf(node);
    if (specifier !== undefined && /^\.{1,2}(\/|$)/.test(specifier))
      found.push({ file, specifier });
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

function specifierOf(node) {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
    return node.moduleSpecifier?.text;
  }
  if (ts.isImportTypeNode(node)) return node.argument.literal?.text;
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    return node.arguments[0]?.text;
  }
  return undefined;
}
