/** Which of the names that exist somebody may have meant. */

/** The names nearest to `name`, best first: within two letters or a third of its length, or one that begins or ends with it. */
export function nearest(name: string, names: readonly string[], limit: number): readonly string[] {
  // Longer names are not what a person mistyped, and the distance costs the product of both lengths.
  const asked = name.slice(0, 200).toLowerCase();
  const allowed = Math.min(Math.max(2, Math.floor(asked.length / 3)), asked.length - 1);
  return names
    .filter((other) => other.length <= 200)
    .map((other) => ({ other, far: farness(asked, other.toLowerCase()) }))
    .filter(({ far }) => far <= allowed)
    .sort((a, b) => a.far - b.far)
    .slice(0, limit)
    .map(({ other }) => other);
}

function farness(asked: string, other: string): number {
  if (asked !== "" && (other.endsWith(`/${asked}`) || asked.endsWith(`/${other}`))) return 0.5;
  return distance(asked, other);
}

/** Levenshtein's distance, one row at a time. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, position) => position);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
