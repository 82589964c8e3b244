/** Python: `import a.b`, `from ..a import b`, wherever they stand. */
import type { SgNode } from "@ast-grep/napi";
import type { ImportKind } from "../../core/survey.ts";
import type { BlobFacts, ImportFact } from "../blob-facts.ts";
import { fieldText, isWithin, ofKind, unique } from "./syntax.ts";

export function readPython(root: SgNode): Partial<BlobFacts> {
  const imports = [
    ...ofKind(root, "import_statement").flatMap(plainImports),
    ...ofKind(root, "import_from_statement").map(importFrom),
  ];
  return { imports, offers: unique(root.children().flatMap(offeredBy)) };
}

function plainImports(node: SgNode): ImportFact[] {
  const kind = kindOf(node);
  return named(node).map((specifier) => ({ kind, specifier, names: ["*"] }));
}

function importFrom(node: SgNode): ImportFact {
  const specifier = fieldText(node, "module_name") ?? "";
  const [module, ...listed] = named(node);
  // A relative import is no dotted name, so that all of those are what it imports.
  const names =
    module === specifier ? listed : [...(module === undefined ? [] : [module]), ...listed];
  return {
    kind: kindOf(node),
    specifier: specifier.replace(/\s/g, ""),
    names: names.length > 0 ? names : ["*"],
  };
}

function named(node: SgNode): string[] {
  return node.children().flatMap((child) => {
    if (child.kind() === "dotted_name") return child.text().replace(/\s/g, "");
    return child.kind() === "aliased_import" ? (fieldText(child, "name") ?? []) : [];
  });
}

function kindOf(node: SgNode): ImportKind {
  const conditions = node.ancestors().filter((ancestor) => ancestor.kind() === "if_statement");
  if (conditions.some((one) => fieldText(one, "condition")?.includes("TYPE_CHECKING")))
    return "type";
  return isWithin(node, "function_definition") ? "dynamic" : "static";
}

/** What a statement at the top level gives a name to, behind conditions too. */
function offeredBy(node: SgNode): string[] {
  switch (node.kind()) {
    case "function_definition":
    case "class_definition":
      return [fieldText(node, "name") ?? ""];
    case "type_alias_statement":
      return [fieldText(node, "left") ?? ""];
    case "expression_statement":
      return ofKind(node, "assignment").flatMap(assigned);
    case "decorated_definition":
    case "if_statement":
    case "else_clause":
    case "elif_clause":
    case "try_statement":
    case "except_clause":
    case "with_statement":
    case "block":
      return node.children().flatMap(offeredBy);
    default:
      return [];
  }
}

function assigned(node: SgNode): string[] {
  const left = node.field("left");
  if (left?.kind() === "identifier") return [left.text()];
  if (left?.kind() !== "pattern_list") return [];
  return left.children().flatMap((one) => (one.kind() === "identifier" ? one.text() : []));
}
