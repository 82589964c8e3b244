/** The name that somebody most likely meant. */

const namesMax = 2000;
const nameCharsMax = 64;

/** The nearest of `names` by edit distance (a swap of neighbours counts once), if one is near enough to be meant. */
export function nearestName(name: string, names: Iterable<string>): string | undefined {
  if (name.length === 0 || name.length > nameCharsMax) return undefined;
  const wanted = name.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(name.length / 3)) + 1;
  let looked = 0;
  for (const candidate of names) {
    looked += 1;
    if (looked > namesMax) break;
    if (Math.abs(candidate.length - name.length) >= bestDistance) continue;
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Insertions, deletions, replacements and swaps of neighbours that lead from `from` to `to`. */
export function editDistance(from: string, to: string): number {
  let beforeLast: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      let cost = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      if (isSwap(from, to, row, column)) cost = Math.min(cost, (beforeLast[column - 2] ?? 0) + 1);
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length] ?? 0;
}

function isSwap(from: string, to: string, row: number, column: number): boolean {
  return (
    row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
  );
}

/** ` did you mean "x"?` as advice, where something is near enough. */
export function meantAdvice(name: string, names: Iterable<string>): { readonly advice?: string } {
  const near = nearestName(name, names);
  return near === undefined ? {} : { advice: `did you mean ${near}?` };
}
