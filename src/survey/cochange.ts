/** Which files changed in the same commits, as git remembers it: how files hang together that no import ties. */
import type { RepoPath, Sha } from "../core/id.ts";
import type { Cochange } from "../core/survey.ts";
import { changesBefore } from "../git/history.ts";
import type { RefHome } from "../git/ref.ts";

export const commitsMax = 2000;
/** A commit of more files says little about any two of them. */
const filesPerCommitMax = 30;
/** What met only once may have met by chance. */
const togetherMin = 2;
const tiesMax = 100_000;

export async function readCochanges(
  home: RefHome,
  base: Sha,
  there: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<readonly Cochange[]> {
  return cochangesOf(await changesBefore(home, base, { commitsMax, signal }), there);
}

/** Pure; `there` are the files that the answer may be about. */
export function cochangesOf(
  commits: readonly (readonly RepoPath[])[],
  there: ReadonlySet<string>,
): readonly Cochange[] {
  const changes = new Map<RepoPath, number>();
  const together = new Map<RepoPath, Map<RepoPath, number>>();
  for (const commit of commits) {
    const files = [...new Set(commit)].filter((path) => there.has(path)).sort();
    for (const path of files) changes.set(path, (changes.get(path) ?? 0) + 1);
    if (commit.length <= filesPerCommitMax) countPairs(files, together);
  }
  const ties: Cochange[] = [];
  for (const [one, others] of together) {
    for (const [other, times] of others) {
      if (times < togetherMin) continue;
      const least = Math.min(changes.get(one) ?? times, changes.get(other) ?? times);
      ties.push({ files: [one, other], together: times, share: times / least });
    }
  }
  const kept = ties.length <= tiesMax ? ties : ties.sort(strongestFirst).slice(0, tiesMax);
  return kept.sort(byFiles);
}

function countPairs(
  files: readonly RepoPath[],
  together: Map<RepoPath, Map<RepoPath, number>>,
): void {
  files.forEach((one, at) => {
    const others = together.get(one) ?? new Map<RepoPath, number>();
    together.set(one, others);
    for (const other of files.slice(at + 1)) others.set(other, (others.get(other) ?? 0) + 1);
  });
}

function strongestFirst(a: Cochange, b: Cochange): number {
  return b.together - a.together || b.share - a.share || byFiles(a, b);
}

function byFiles({ files: a }: Cochange, { files: b }: Cochange): number {
  const at = a[0] === b[0] ? 1 : 0;
  return a[at] < b[at] ? -1 : a[at] === b[at] ? 0 : 1;
}
