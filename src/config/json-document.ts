/** JSON with comments to a value; keys given twice are problems. */
import { type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";
import type { Json } from "../core/plan.ts";
import { fieldOf, type Problem } from "../core/problem.ts";
import { givenTwice, nestingMax, objectOf, type ReadDocument, wrong } from "./document-value.ts";

const errorsToldMax = 5;

export function parseJson(text: string): ReadDocument {
  const errors: ParseError[] = [];
  const tree = treeOf(text, errors);
  if (tree === "too deep") return wrong("is nested too deeply");
  if (errors.length > 0 || tree === undefined) {
    return {
      type: "wrong",
      problems: errors.slice(0, errorsToldMax).map((error) => syntaxProblem(text, error)),
    };
  }
  const problems: Problem[] = [];
  const value = readValue(tree, [], problems);
  return problems.length > 0 ? { type: "wrong", problems, draft: value } : { type: "value", value };
}

function treeOf(text: string, errors: ParseError[]): Node | "too deep" | undefined {
  try {
    return parseTree(text, errors, { allowTrailingComma: true });
  } catch (error) {
    // The parser recurses, and has no limit of its own but the stack.
    if (error instanceof RangeError) return "too deep";
    throw error;
  }
}

function syntaxProblem(text: string, error: ParseError): Problem {
  const before = text.slice(0, error.offset);
  const line = before.split("\n").length;
  const column = error.offset - before.lastIndexOf("\n");
  const said = printParseErrorCode(error.error)
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase();
  return { field: "", message: `is not JSON: line ${line}, column ${column}: ${said}` };
}

function readValue(node: Node, path: readonly PropertyKey[], problems: Problem[]): Json {
  if (path.length > nestingMax) {
    problems.push({ field: "", message: `is nested more than ${nestingMax} deep` });
    return null;
  }
  const children = node.children ?? [];
  if (node.type === "array") {
    return children.map((child, at) => readValue(child, [...path, at], problems));
  }
  if (node.type !== "object") return scalarOf(node, path, problems);
  return objectOf(entriesOf(children, path, problems), (key) => {
    problems.push(givenTwice([...path, key]));
  });
}

function* entriesOf(
  properties: readonly Node[],
  path: readonly PropertyKey[],
  problems: Problem[],
): Generator<readonly [string, Json]> {
  for (const property of properties) {
    const [key, value] = property.children ?? [];
    if (key === undefined || value === undefined) continue;
    const name = String(key.value);
    yield [name, readValue(value, [...path, name], problems)];
  }
}

function scalarOf(node: Node, path: readonly PropertyKey[], problems: Problem[]): Json {
  if (typeof node.value === "number" && !Number.isFinite(node.value)) {
    problems.push({ field: fieldOf(path), message: "this number is too large" });
    return null;
  }
  return node.value as Json;
}
