/** The difference of two commits as people and models read it. */
import type { Sha } from "../core/id.ts";
import { git } from "./git.ts";
import type { Repository } from "./repository.ts";

/** A unified diff, cut after `charsMax` characters. */
export async function diffText(
  { commonDir }: Repository,
  { from, to, charsMax }: { readonly from: Sha; readonly to: Sha; readonly charsMax: number },
): Promise<string> {
  const words = ["diff-tree", "-r", "-p", "--no-renames", "--no-ext-diff", "--no-textconv"];
  const { stdout } = await git({ gitDir: commonDir }, [...words, from, to]);
  return stdout.length <= charsMax ? stdout : `${stdout.slice(0, charsMax)}\n… (cut)`;
}
