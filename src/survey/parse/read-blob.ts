/** From bytes to facts, in a parsing child: what is text at all, what says that it was generated, and which reader looks at the
 *  rest. It never throws for what is in a file. */
import { isAscii, isUtf8 } from "node:buffer";
import { messageOf } from "../../core/failure.ts";
import type { BlobFacts, Dialect } from "../blob-facts.ts";
import { readGrammar } from "./grammar.ts";
import { readModule } from "./module-facts.ts";

/** As far as git looks for a NUL to tell binary from text. */
const binaryHeadBytes = 8000;
const generatedHeadChars = 2000;
const settingsCharsMax = 200_000;

export async function readBlob(dialect: Dialect, bytes: Buffer): Promise<BlobFacts> {
  if (bytes.subarray(0, binaryHeadBytes).includes(0)) return { kind: "binary" };
  if (!isUtf8(bytes)) return { kind: "not_utf8" };
  const decoded = bytes.toString(isAscii(bytes) ? "latin1" : "utf8");
  const text = decoded.startsWith("\uFEFF") ? decoded.slice(1) : decoded;
  const said = generatedLine(text);
  const generated = said === undefined ? {} : { generated: said };
  try {
    const { offers, ...facts } = await factsOf(dialect, text);
    const sorted = offers === undefined ? {} : { offers: [...new Set(offers)].sort() };
    return { kind: "text", ...generated, ...facts, ...sorted };
  } catch (error) {
    const why = messageOf(error).split("\n")[0] ?? "";
    return { kind: "unparsable", why: why.slice(0, 200), ...generated };
  }
}

type Part = Partial<BlobFacts>;

function factsOf(dialect: Dialect, text: string): Part | Promise<Part> {
  switch (dialect) {
    case "ts":
    case "dts":
    case "tsx":
    case "js":
    case "jsx":
      return readModule(text, dialect);
    case "python":
    case "go":
    case "rust":
    case "java":
      return readGrammar(text, dialect);
    case "settings":
      return text.length <= settingsCharsMax ? { text } : {};
    case "json":
      return text.length <= settingsCharsMax && settingsKeys.test(text) ? { text } : {};
    case "plain":
      return {};
  }
}

/** What a manifest, or a compiler's settings, say. */
const settingsKeys = /"(?:compilerOptions|extends|references|name|workspaces)"/;

/** A line that is a comment from its start and says so in one of the ways that generators do. */
const generatedMark =
  /^[ \t]*(?:\/\/|\/\*|\*|#|--|<!--|;|%|"""|''').*?(?:@generated\b|\bcode generated\b.*\bdo not edit\b|\b(?:this|file) (?:file |code )?(?:is|was|has been) (?:auto(?:matically)?[- ]?)?generated\b|\bauto(?:matically)?[- ]?generated\b.*\bdo not (?:edit|modify)\b|\bdo not edit\b.*\bgenerated\b).*$/im;

function generatedLine(text: string): string | undefined {
  const head = text.slice(0, generatedHeadChars);
  // Most files are told apart without the larger expression.
  if (!/generated/i.test(head)) return undefined;
  return generatedMark.exec(head)?.[0].trim().slice(0, 120);
}
