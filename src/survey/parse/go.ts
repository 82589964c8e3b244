/** Go: a file imports packages, which are folders; what it uses of one stands behind the package's name. Files of one package see
 *  each other without a word, so that the names they use are kept too. */
import type { SgNode } from "@ast-grep/napi";
import type { BlobFacts, ImportFact } from "../blob-facts.ts";
import { fieldText, ofKind, unique } from "./syntax.ts";

const usesMax = 3000;

export function readGo(root: SgNode): Partial<BlobFacts> {
  const used = selectors(root);
  const offers = unique(root.children().flatMap(offeredBy));
  const own = new Set(offers);
  const words = [...ofKind(root, "identifier"), ...ofKind(root, "type_identifier")];
  const uses = unique(words.map((word) => word.text())).filter((name) => !own.has(name));
  const space = root.find({ rule: { kind: "package_identifier" } })?.text() ?? "";
  const imports = ofKind(root, "import_spec").map((node) => importOf(node, used));
  return { imports, offers, space, uses: uses.slice(0, usesMax) };
}

/** `x.Name`, by `x`. */
function selectors(root: SgNode): ReadonlyMap<string, Set<string>> {
  const used = new Map<string, Set<string>>();
  const note = (owner: string | undefined, name: string | undefined) => {
    if (owner === undefined || name === undefined) return;
    used.set(owner, (used.get(owner) ?? new Set()).add(name));
  };
  for (const node of ofKind(root, "selector_expression"))
    note(fieldText(node, "operand"), fieldText(node, "field"));
  for (const node of ofKind(root, "qualified_type"))
    note(fieldText(node, "package"), fieldText(node, "name"));
  return used;
}

function importOf(node: SgNode, used: ReadonlyMap<string, Set<string>>): ImportFact {
  const specifier = (fieldText(node, "path") ?? "").slice(1, -1);
  const alias = fieldText(node, "name");
  if (alias === "_") return { kind: "static", specifier, names: [] };
  const names = alias === "." ? undefined : used.get(alias ?? lastName(specifier));
  return { kind: "static", specifier, names: names === undefined ? ["*"] : [...names] };
}

/** A version at the end is no part of a package's name. */
function lastName(specifier: string): string {
  const parts = specifier.split("/").filter((part) => !/^v\d+$/.test(part));
  return parts.at(-1) ?? specifier;
}

function offeredBy(node: SgNode): string[] {
  switch (node.kind()) {
    case "function_declaration":
      return [fieldText(node, "name") ?? ""];
    case "type_declaration":
    case "const_declaration":
    case "var_declaration":
    case "var_spec_list":
      return node.children().flatMap(offeredBy);
    case "type_spec":
    case "type_alias":
      return [fieldText(node, "name") ?? ""];
    case "const_spec":
    case "var_spec":
      return node.children().flatMap((one) => (one.kind() === "identifier" ? one.text() : []));
    default:
      return [];
  }
}
