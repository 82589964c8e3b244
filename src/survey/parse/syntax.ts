/** What the readers of languages ask of a syntax tree. */
import type { SgNode } from "@ast-grep/napi";

export function ofKind(root: SgNode, kind: string): SgNode[] {
  return root.findAll({ rule: { kind } });
}

export function fieldText(node: SgNode, name: string): string | undefined {
  return node.field(name)?.text();
}

export function isWithin(node: SgNode, kind: string): boolean {
  return node.ancestors().some((ancestor) => ancestor.kind() === kind);
}

export function unique(names: Iterable<string>): string[] {
  return [...new Set(names)];
}
