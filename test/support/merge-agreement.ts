/** Compares our verdicts with those of `git merge`. */
import path from "node:path";
import { Failure } from "../../src/core/failure.ts";
import type { GitPlace } from "../../src/git/git.ts";
import { mergeInMemory } from "../../src/git/merge.ts";
import { StandingGits } from "../../src/git/standing-git.ts";
import { type GitVerdict, importMergeCases, type MergeCase, mergeByGit } from "./merge-cases.ts";

export interface Agreement {
  readonly clean: number;
  readonly conflicts: number;
  readonly disagreements: readonly {
    readonly seed: number;
    readonly ours: GitVerdict;
    readonly git: GitVerdict;
  }[];
}

/** Two checkouts side by side, ours beside them: most of the time is spent waiting for the disk. */
export async function agreementOn(seeds: readonly number[]): Promise<Agreement> {
  const { gitDir, cases } = await importMergeCases(seeds);
  const half = Math.ceil(cases.length / 2);
  const [first, second, ours] = await Promise.all([
    mergeByGit(gitDir, cases.slice(0, half)),
    mergeByGit(gitDir, cases.slice(half)),
    mergeByUs(gitDir, cases),
  ]);
  const byGit = [...first, ...second];
  const disagreements = [];
  for (const [position, one] of cases.entries()) {
    const verdict = ours[position];
    const git = byGit[position];
    if (git === undefined || verdict === undefined)
      throw new Error(`seed ${one.seed} was left out`);
    if (!agree(verdict, git)) disagreements.push({ seed: one.seed, ours: verdict, git });
  }
  const count = (type: GitVerdict["type"]): number =>
    byGit.filter((verdict) => verdict.type === type).length;
  return { clean: count("clean"), conflicts: count("conflict"), disagreements };
}

function agree(ours: GitVerdict, git: GitVerdict): boolean {
  if (git.type === "crashed") return ours.type !== "clean";
  // A folder whose rename is split conflicts without an unmerged path; ours are then those that git speaks of.
  if (git.type === "conflict" && git.paths?.length === 0) return ours.type === "conflict";
  return JSON.stringify(ours) === JSON.stringify(git);
}

async function mergeByUs(gitDir: string, cases: readonly MergeCase[]): Promise<GitVerdict[]> {
  const standing = new StandingGits(gitDir, path.join(gitDir, "commit.draft"));
  const verdicts: GitVerdict[] = [];
  for (const one of cases) verdicts.push(await verdictOn({ gitDir, standing }, one));
  await standing.close();
  return verdicts;
}

async function verdictOn(place: GitPlace, one: MergeCase): Promise<GitVerdict> {
  try {
    const verdict = await mergeInMemory(place, one);
    if (verdict.type === "clean") return verdict;
    return { type: "conflict", paths: [...new Set<string>(verdict.paths)].sort() };
  } catch (error) {
    if (error instanceof Failure && error.details["code"] === -1) return { type: "crashed" };
    throw error;
  }
}
