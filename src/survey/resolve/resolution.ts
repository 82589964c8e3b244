/** What an import means, given the files of the commit. */
import type { RepoPath } from "../../core/id.ts";
import type { ImportFact } from "../blob-facts.ts";

export type Resolution =
  | { readonly type: "files"; readonly files: readonly Reached[] }
  /** A package, or a module of the language: no file at this commit. */
  | { readonly type: "outside"; readonly name: string }
  /** It should be a file of the repository, and is not there. */
  | { readonly type: "missing" };

export interface Reached {
  readonly path: RepoPath;
  /** What is used of this file, where that is not simply what the import names. */
  readonly names?: readonly string[];
}

export type Resolver = (from: RepoPath, fact: ImportFact) => Resolution;

export const missing: Resolution = { type: "missing" };

export function reached(path: RepoPath): Resolution {
  return { type: "files", files: [{ path }] };
}
