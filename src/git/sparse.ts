/** The patterns that make git write only some files of a tree and mark the others `skip-worktree` in the worktree's own
 *  index. They lie in the admin directory while the checkout runs; no configuration is written. */
import type { RepoPath } from "../core/id.ts";
import { pathToBytes } from "./path-text.ts";

/** Sparse settings for one command, whatever the user's own checkout is set to. */
export function sparseConfig(mode: "full" | "sparse"): readonly string[] {
  return [`core.sparseCheckout=${mode === "sparse"}`, "core.sparseCheckoutCone=false"];
}

/** The text of `info/sparse-checkout` that means exactly these files; with none, no file at all. */
export function sparsePatterns(paths: readonly RepoPath[]): Buffer {
  const lines = paths.map((path) => `/${escapePattern(pathToBytes(path))}\n`);
  return Buffer.from(lines.length === 0 ? "/*\n!/*\n" : lines.join(""), "latin1");
}

/** A line end cannot be written in a pattern; `?` stands for it, at worst for a file more. */
function escapePattern(path: string): string {
  return path
    .replace(/[\\*?[\]!#]/g, "\\$&")
    .replace(/[\r\n]/g, "?")
    .replace(/ $/, "\\ ");
}
