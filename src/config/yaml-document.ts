/** YAML 1.2 to a value: plain data only. Aliases are understood, but what they stand for is counted. */
import * as yaml from "yaml";
import { messageOf } from "../core/failure.ts";
import type { Json } from "../core/plan.ts";
import { fieldOf, type Problem, shown } from "../core/problem.ts";
import { givenTwice, nestingMax, objectOf, type ReadDocument, wrong } from "./document-value.ts";

const charactersMax = 20_000_000;
/** What a document may hold once every alias is written out. */
const nodesMax = 3_000_000;
const errorsToldMax = 5;

/** Ends the walk where going on could only make it worse. */
class Stop extends Error {}

interface Walk {
  readonly problems: Problem[];
  readonly anchors: Map<string, { readonly value: Json; readonly weight: number }>;
  weight: number;
}

export function parseYaml(text: string): ReadDocument {
  if (text.length > charactersMax) return wrong("is too large for YAML: write it as JSON");
  const parsed = documentOf(text);
  if (parsed === "too deep") return wrong("is nested too deeply");
  const said = [...parsed.errors, ...parsed.warnings];
  if (said.length > 0) {
    return {
      type: "wrong",
      problems: said.slice(0, errorsToldMax).map((error) => ({
        field: "",
        message: `is not plain YAML: ${firstLine(error.message)}`,
      })),
    };
  }
  const walk: Walk = { problems: [], anchors: new Map(), weight: 0 };
  try {
    const value = readValue(parsed.contents, [], walk);
    if (walk.problems.length === 0) return { type: "value", value };
    return { type: "wrong", problems: walk.problems, draft: value };
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    walk.problems.push({ field: "", message: error.message });
  }
  return { type: "wrong", problems: walk.problems };
}

function documentOf(text: string): yaml.Document.Parsed | "too deep" {
  try {
    return yaml.parseDocument(text, {
      schema: "core",
      merge: false,
      // Ours is linear; the parser's is not.
      uniqueKeys: false,
      logLevel: "error",
    });
  } catch (error) {
    if (error instanceof RangeError) return "too deep";
    throw error;
  }
}

function firstLine(message: string): string {
  const line = (message.split("\n")[0] ?? "").replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, " ");
  return line.replace(/:$/, "").slice(0, 300);
}

function readValue(node: unknown, path: readonly PropertyKey[], walk: Walk): Json {
  count(walk, 1);
  if (path.length > nestingMax) throw new Stop(`is nested more than ${nestingMax} deep`);
  if (yaml.isAlias(node)) return aliasValue(node, path, walk);
  const before = walk.weight;
  const value = plainValue(node, path, walk);
  const anchor = yaml.isNode(node) ? (node as { readonly anchor?: string }).anchor : undefined;
  if (anchor !== undefined) {
    walk.anchors.set(anchor, { value, weight: walk.weight - before + 1 });
  }
  return value;
}

function plainValue(node: unknown, path: readonly PropertyKey[], walk: Walk): Json {
  if (yaml.isSeq(node)) return node.items.map((item, at) => readValue(item, [...path, at], walk));
  if (yaml.isMap(node)) {
    return objectOf(entriesOf(node.items, path, walk), (key) => {
      walk.problems.push(givenTwice([...path, key]));
    });
  }
  return scalarOf(yaml.isScalar(node) ? node.value : node, path, walk);
}

function* entriesOf(
  pairs: readonly yaml.Pair[],
  path: readonly PropertyKey[],
  walk: Walk,
): Generator<readonly [string, Json]> {
  for (const pair of pairs) {
    if (!yaml.isScalar(pair.key) && pair.key !== null) {
      walk.problems.push({ field: fieldOf(path), message: "a key must be a plain word" });
      continue;
    }
    const key = yaml.isScalar(pair.key) ? String(pair.key.value) : "null";
    yield [key, readValue(pair.value, [...path, key], walk)];
  }
}

function aliasValue(alias: yaml.Alias, path: readonly PropertyKey[], walk: Walk): Json {
  const known = walk.anchors.get(alias.source);
  if (known === undefined) {
    walk.problems.push({
      field: fieldOf(path),
      message: `the alias ${shown(alias.source)} stands for nothing`,
    });
    return null;
  }
  count(walk, known.weight);
  return known.value;
}

function count(walk: Walk, nodes: number): void {
  walk.weight += nodes;
  if (walk.weight > nodesMax) throw new Stop("holds too many values once its aliases are followed");
}

function scalarOf(value: unknown, path: readonly PropertyKey[], walk: Walk): Json {
  if (value === null || value === undefined) return null;
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  walk.problems.push({
    field: fieldOf(path),
    message: `is neither text nor a plain number: ${messageOf(value)}`,
  });
  return null;
}
