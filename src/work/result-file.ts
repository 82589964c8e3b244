/** RESULT.json: what a worker says of its own work. It is read strictly: a worker whose word cannot be understood has
 *  failed, whatever its exit code says. */
import { messageOf, unreachable } from "../core/failure.ts";
import { oneLine } from "./tail.ts";
import { readWorkerFile } from "./worker-file.ts";

export const resultBytesMax = 1_000_000;
const outputCharactersMax = 20_000;
const artifactsMax = 1000;
const artifactCharactersMax = 4096;

export type WorkerResult =
  | { readonly type: "absent" }
  | {
      readonly type: "said";
      readonly success: boolean;
      /** Absent where the worker gave no output. */
      readonly output?: string;
      readonly artifacts: readonly string[];
    }
  | { readonly type: "malformed"; readonly message: string };

export function readResult(path: string): WorkerResult {
  const file = readWorkerFile(path, resultBytesMax);
  switch (file.type) {
    case "absent":
      return file;
    case "unusable":
      return malformed(file.why);
    case "read":
      return parseResult(file.bytes.toString("utf8"));
    default:
      return unreachable(file);
  }
}

export function parseResult(text: string): WorkerResult {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    return malformed(`it is not JSON (${messageOf(error)})`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return malformed("it is not an object");
  }
  const { success = true, output, artifacts = [] } = value as Record<string, unknown>;
  if (typeof success !== "boolean") return malformed("`success` is not true or false");
  if (output !== undefined && typeof output !== "string") {
    return malformed("`output` is not a text");
  }
  if (!isListOfArtifacts(artifacts)) {
    return malformed(
      `\`artifacts\` is not a list of at most ${artifactsMax} texts of at most ${artifactCharactersMax} characters`,
    );
  }
  const said = { type: "said", success, artifacts } as const;
  return output === undefined ? said : { ...said, output: bounded(output) };
}

function isListOfArtifacts(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.length <= artifactsMax &&
    value.every((each) => typeof each === "string" && each.length <= artifactCharactersMax)
  );
}

/** The journal holds every output, and every worker after this unit reads it. */
function bounded(output: string): string {
  if (output.length <= outputCharactersMax) return output;
  const cut = output.length - outputCharactersMax;
  const kept = output.slice(0, outputCharactersMax).replace(/[\ud800-\udbff]$/, "");
  return `${kept}\n[${cut} more characters are left out]`;
}

/** The message is one line whatever the file held. */
function malformed(why: string): WorkerResult {
  return { type: "malformed", message: `RESULT.json cannot be used: ${oneLine(why)}` };
}
