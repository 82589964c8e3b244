/** Java: imports of types by their full names. Types of the same package are seen without an import, so that the names of types that
 *  a file uses are kept too. */
import type { SgNode } from "@ast-grep/napi";
import type { BlobFacts, ImportFact } from "../blob-facts.ts";
import { fieldText, ofKind, unique } from "./syntax.ts";

const usesMax = 3000;
const declarations: ReadonlySet<string> = new Set([
  "class_declaration",
  "interface_declaration",
  "enum_declaration",
  "record_declaration",
  "annotation_type_declaration",
]);

export function readJava(root: SgNode): Partial<BlobFacts> {
  const top = root.children();
  const offers = top.flatMap((node) =>
    declarations.has(String(node.kind())) ? (fieldText(node, "name") ?? []) : [],
  );
  const own = new Set(offers);
  const types = ofKind(root, "type_identifier").map((node) => node.text());
  // `Name.of()` uses a type as well; by custom types alone begin with a capital.
  const owners = ofKind(root, "identifier")
    .map((node) => node.text())
    .filter((name) => /^\p{Lu}/u.test(name));
  const uses = unique([...types, ...owners]).filter((name) => !own.has(name));
  const space = top.find((node) => node.kind() === "package_declaration");
  return {
    imports: top.filter((node) => node.kind() === "import_declaration").map(importOf),
    offers,
    space: space === undefined ? "" : nameIn(space.text()),
    uses: uses.slice(0, usesMax),
  };
}

function importOf(node: SgNode): ImportFact {
  return { kind: "static", specifier: nameIn(node.text()), names: ["*"] };
}

/** Of `import static a.b.C.d;` or `package a.b;`. */
function nameIn(statement: string): string {
  const plain = statement.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, " ");
  return (/\b(?:import(?:\s+static)?|package)\s+([^;]+)/.exec(plain)?.[1] ?? "").replace(/\s/g, "");
}
