/** What arguments of several tools look like. */
import * as z from "zod";

export const contentCharsMax = 5_000_000;

export const pathShape = z
  .string()
  .min(1)
  .max(4096)
  .describe("From the repository's root, with /, such as src/a.ts");

export const contentShape = z.string().max(contentCharsMax);
