/** What the config says of hubs: files that many units would want to change, or that no unit should. */
import * as z from "zod";
import { meantAdvice } from "../core/nearest.ts";
import { type Problem, shown } from "../core/problem.ts";

const policies = ["first", "last", "regenerate", "refuse", "with_others"] as const;

/** `glob` is the schema of one. */
export function hubRules<T extends z.ZodType>(glob: T) {
  const rule = z
    .strictObject({
      files: z.array(glob).min(1, "must not be empty").max(1000, "must have at most 1000 globs"),
      policy: z
        .enum(policies)
        .describe("A unit of its own first or last; made anew at the end; in no unit; as any file"),
      worker: z
        .string()
        .min(1)
        .optional()
        .describe("Of regenerate: the worker that makes them anew"),
    })
    .refine(({ policy, worker }) => (policy === "regenerate") === (worker !== undefined), {
      message: "must name a worker with regenerate, and with nothing else",
    });
  return z.array(rule).max(200, "must have at most 200 rules");
}

/** Workers that are not there. */
export function hubProblems(
  rules: readonly { readonly worker?: string | undefined }[],
  workers: readonly string[],
): readonly Problem[] {
  return rules.flatMap(({ worker }, at): readonly Problem[] => {
    if (worker === undefined || workers.includes(worker)) return [];
    const message = `there is no worker ${shown(worker)}`;
    return [{ field: `hubs[${at}].worker`, message, ...meantAdvice(worker, workers) }];
  });
}
