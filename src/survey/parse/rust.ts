/** Rust: `mod x;` brings a file in, `use` and written-out paths name what is in it. Paths are kept whole; where the module ends and
 *  the name begins is known only from the files. */
import type { SgNode } from "@ast-grep/napi";
import type { BlobFacts, ImportFact } from "../blob-facts.ts";
import { fieldText, isWithin, ofKind, unique } from "./syntax.ts";

const named: ReadonlySet<string> = new Set([
  "function_item",
  "struct_item",
  "enum_item",
  "union_item",
  "trait_item",
  "type_item",
  "const_item",
  "static_item",
  "mod_item",
]);
const pathsMax = 3000;

export function readRust(root: SgNode): Partial<BlobFacts> {
  const modules = ofKind(root, "mod_item").filter((node) => node.field("body") === null);
  const uses = ofKind(root, "use_declaration").flatMap(usedBy);
  const crates = ofKind(root, "extern_crate_declaration").map((node) =>
    pathFact(fieldText(node, "name") ?? ""),
  );
  const written = unique(writtenPaths(root)).slice(0, pathsMax);
  return {
    imports: [
      ...modules.map(moduleFact),
      ...uses,
      ...crates,
      ...written.map((path) => pathFact(path)),
    ],
    offers: unique(root.children().flatMap(offeredBy)),
  };
}

/** `mod a::b`, a module that stands in a file of its own; `mod a::b in x.rs` where an attribute says which. */
function moduleFact(node: SgNode): ImportFact {
  const before = node.prev();
  const said = before?.kind() === "attribute_item" ? before.text() : "";
  const file = /^#\s*\[\s*path\s*=\s*"([^"]+)"\s*\]$/.exec(said)?.[1];
  const around = node.ancestors().filter((ancestor) => ancestor.kind() === "mod_item");
  const path = [...around.reverse(), node].map((one) => fieldText(one, "name") ?? "");
  const specifier = `mod ${path.join("::")}${file === undefined ? "" : ` in ${file}`}`;
  return { kind: "static", specifier, names: ["*"] };
}

function pathFact(specifier: string, kind: ImportFact["kind"] = "static"): ImportFact {
  return { kind, specifier, names: [] };
}

function usedBy(node: SgNode): ImportFact[] {
  const isPublic = node.children().some((child) => child.kind() === "visibility_modifier");
  const tree = node.field("argument");
  const paths = tree === null ? [] : spelledOut(tree);
  return paths.map((path) => pathFact(path, isPublic ? "re-export" : "static"));
}

/** `a::{b, c::*}` → `a::b`, `a::c::*`. */
function spelledOut(node: SgNode): string[] {
  switch (node.kind()) {
    case "use_as_clause":
      return [plain(fieldText(node, "path") ?? "")];
    case "use_wildcard":
      return [plain(node.text())];
    case "use_list":
      return node
        .children()
        .filter((child) => child.isNamed())
        .flatMap(spelledOut);
    case "scoped_use_list": {
      const head = fieldText(node, "path");
      const list = node.field("list");
      const inside = list === null ? [] : spelledOut(list);
      return inside.map((path) => withHead(head, path));
    }
    case "line_comment":
    case "block_comment":
      return [];
    default:
      return [plain(node.text())];
  }
}

function withHead(head: string | undefined, path: string): string {
  if (head === undefined) return path;
  return path === "self" ? plain(head) : `${plain(head)}::${path}`;
}

function plain(path: string): string {
  return path.replace(/\s/g, "");
}

/** `crate::a::f` in the midst of code. */
function writtenPaths(root: SgNode): string[] {
  return [...ofKind(root, "scoped_identifier"), ...ofKind(root, "scoped_type_identifier")]
    .filter(isWholePath)
    .map((node) => plain(node.text()))
    .filter((path) => /^(?:crate|self|super)::[\w:]+$/.test(path));
}

/** A path holds the shorter ones that it goes through, and those of `use` are told already. */
function isWholePath(node: SgNode): boolean {
  const around = String(node.parent()?.kind() ?? "");
  return !around.startsWith("scoped_") && !isWithin(node, "use_declaration");
}

function offeredBy(node: SgNode): string[] {
  if (node.kind() === "macro_definition") return [fieldText(node, "name") ?? ""];
  const isPublic = node.children().some((child) => child.kind() === "visibility_modifier");
  if (!isPublic) return [];
  if (node.kind() === "use_declaration")
    return usedBy(node).flatMap(({ specifier }) => specifier.split("::").at(-1) ?? []);
  return named.has(String(node.kind())) ? [fieldText(node, "name") ?? ""] : [];
}
