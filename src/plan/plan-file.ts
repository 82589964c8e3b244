/** The plan as a file, JSON or YAML: what `--plan` reads and `--out` writes. Every problem is told at once, and a plan with
 *  one is never taken for a plan. */
import { open } from "node:fs/promises";
import { withFurther } from "../config/document-value.ts";
import { formatOf, parseDocument, type TextFormat } from "../config/text-document.ts";
import { Failure, messageOf } from "../core/failure.ts";
import type { PlanFile } from "../core/plan.ts";
import { type PlanFacts, planProblems } from "../core/plan-problem.ts";
import { type Problem, problemsFailure } from "../core/problem.ts";
import { isFifo, readFifo } from "../host/fifo.ts";
import { decodePlan, type ReadPlan } from "./plan-shape.ts";

export const planBytesMax = 64 * 1024 * 1024;

/** The shape alone; what depends on the repository is `problemsOfPlan`'s. */
export async function parsePlan(text: string, format: TextFormat): Promise<ReadPlan> {
  const document = await parseDocument(text, format);
  if (document.type === "value") return decodePlan(document.value);
  const { problems, draft } = document;
  if (draft === undefined) return { type: "wrong", draft: emptyPlan, problems };
  const read = decodePlan(draft);
  if (read.type === "plan") return { type: "wrong", draft: read.plan, problems };
  return { ...read, problems: withFurther(problems, read.problems) };
}

const emptyPlan: PlanFile = { version: 1, goal: "", units: [], doneWhen: [] };

/** Throws a usage Failure for a file that cannot be read as text; a wrong plan is a value. */
export async function readPlanFile(file: string): Promise<ReadPlan> {
  const text = textOf(file, await readBytes(file));
  return await parsePlan(text, formatOf(file, text));
}

/** All that is wrong, of shape and of sense; none for a plan that may run. */
export function problemsOfPlan(read: ReadPlan, facts: PlanFacts): readonly Problem[] {
  if (read.type === "plan") return planProblems(read.plan, facts);
  if (read.draft === emptyPlan) return read.problems;
  return withFurther(read.problems, planProblems(read.draft, facts));
}

/** The plan, or a usage Failure (exit 2) with every problem in its details. `name` is what the user calls the file. */
export function requirePlan(name: string, read: ReadPlan, facts: PlanFacts): PlanFile {
  const problems = problemsOfPlan(read, facts);
  if (read.type === "wrong" || problems.length > 0) {
    throw problemsFailure("plan_wrong", name, problems);
  }
  return read.plan;
}

async function readBytes(file: string): Promise<Buffer> {
  try {
    if (await isFifo(file)) return requireSmall(file, await readFifo(file, planBytesMax));
    const handle = await open(file, "r");
    try {
      const parts: Buffer[] = [];
      let total = 0;
      // /dev/zero has no size to look at, and no end.
      for await (const part of handle.createReadStream({ autoClose: false })) {
        parts.push(part as Buffer);
        total += (part as Buffer).length;
        if (total > planBytesMax) throw unreadable(file, "is larger than 64 MB");
      }
      return Buffer.concat(parts);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw unreadable(file, whyOf(error), error);
  }
}

function requireSmall(file: string, bytes: Buffer): Buffer {
  if (bytes.length > planBytesMax) throw unreadable(file, "is larger than 64 MB");
  return bytes;
}

function textOf(file: string, bytes: Buffer): string {
  const text = decoded(bytes);
  if (text === undefined || text.includes("\0")) throw unreadable(file, "is not UTF-8 text");
  if (text.trim() === "") throw unreadable(file, "is empty");
  return text;
}

function decoded(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function whyOf(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case "ENOENT":
    case "ENOTDIR":
      return "does not exist";
    case "EISDIR":
      return "is a folder";
    case "EACCES":
      return "may not be read";
    default:
      return `cannot be read: ${messageOf(error)}`;
  }
}

function unreadable(file: string, why: string, cause?: unknown): Failure {
  return new Failure("usage", "plan_unreadable", `the plan ${file} ${why}`, {
    advice: "name a plan that `pleach plan --out FILE` wrote, JSON or YAML",
    cause,
  });
}
