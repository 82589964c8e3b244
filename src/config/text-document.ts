/** JSON and YAML text to a plain value, for hostile input: a key given twice, a tag, a laughing alias or deep nesting is a
 *  problem, never a crash and never a value. JSON may carry comments and trailing commas. Nothing here runs code. */
import { type ReadDocument, wrong } from "./document-value.ts";

export type TextFormat = "json" | "yaml";

export async function parseDocument(text: string, format: TextFormat): Promise<ReadDocument> {
  const plain = text.replace(/^\ufeff/, "");
  if (plain.trim() === "") return wrong("is empty");
  if (plain.includes("\0")) return wrong("is not text");
  // Loaded only when it is needed: both parsers cost start-up time.
  if (format === "json") return (await import("./json-document.ts")).parseJson(plain);
  return (await import("./yaml-document.ts")).parseYaml(plain);
}

/** The format of a file's name; what has no known ending is JSON if it begins like it. */
export function formatOf(file: string, text: string): TextFormat {
  if (/\.ya?ml$/i.test(file)) return "yaml";
  if (/\.jsonc?$/i.test(file)) return "json";
  return /^\ufeff?\s*[{[/]/.test(text) ? "json" : "yaml";
}
