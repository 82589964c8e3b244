/** Which unit comes after which: only where one must see another's change. Parts never wait for each other; whoever uses a hub
 *  waits for it, and a hub that comes last waits for whatever it uses. */
import type { Tie } from "../core/coupling.ts";
import type { FileGroup } from "../core/folder-partition.ts";

export interface UnorderedUnit extends FileGroup {
  readonly kind: "part" | "first" | "last" | "regenerate";
  /** Of `regenerate`. */
  readonly worker?: string;
  /** Of `last`: somebody said so, and means after everybody. */
  readonly isSaid?: boolean;
}

/** `after` are places in the list of all units. */
export interface SplitUnit extends UnorderedUnit {
  readonly after: readonly number[];
}

/** At most one unit is `first` and one `last`. What no import tells of, such as a manifest or a changelog, is everybody's: all
 *  wait for it if it is first, and it waits for all if it is last. */
export function orderUnits(
  units: readonly UnorderedUnit[],
  ties: readonly Tie[] | undefined,
): readonly SplitUnit[] {
  const first = units.findIndex(({ kind }) => kind === "first");
  const last = units.findIndex(({ kind }) => kind === "last");
  const parts = placesOf(units, "part");
  const imports = importsBetween(units, ties ?? []);
  const users = parts.filter((place) => imports.isAll(first) || imports.has(place, first));
  const isLastOfAll = units[last]?.isSaid === true || imports.isAll(last);
  const used = parts.filter((place) => isLastOfAll || imports.has(last, place));
  const ordered = units.map((unit, place): SplitUnit => {
    if (unit.kind === "part") {
      return { ...unit, after: first >= 0 && users.includes(place) ? [first] : [] };
    }
    if (unit.kind !== "last") return { ...unit, after: [] };
    // Whoever waits for a part that waits for the first waits for the first.
    const isBehind = first < 0 || used.some((part) => users.includes(part));
    return { ...unit, after: isBehind ? used : [first, ...used] };
  });
  const made = [...parts, first, last].filter((place) => place >= 0).sort((a, b) => a - b);
  const awaited = new Set(made.flatMap((place) => ordered[place]?.after ?? []));
  const ends = made.filter((place) => !awaited.has(place));
  return ordered.map((unit) => (unit.kind === "regenerate" ? { ...unit, after: ends } : unit));
}

function placesOf(units: readonly UnorderedUnit[], kind: UnorderedUnit["kind"]) {
  return units.flatMap((unit, place) => (unit.kind === kind ? [place] : []));
}

function importsBetween(units: readonly UnorderedUnit[], ties: readonly Tie[]) {
  const homes = new Map(units.flatMap(({ files }, at) => files.map((path) => [path, at] as const)));
  const found = new Set<string>();
  const known = new Set<string>();
  for (const { from, to, kind } of ties) {
    const [one, other] = [homes.get(from), homes.get(to)];
    if (kind !== "import" || one === undefined || other === undefined || from === to) continue;
    found.add(`${one} ${other}`);
    known.add(from).add(to);
  }
  return {
    has: (one: number, other: number) => found.has(`${one} ${other}`),
    /** Some file of the unit is tied to none by imports. */
    isAll: (place: number) => units[place]?.files.some((path) => !known.has(path)) ?? false,
  };
}
