/** `exports` and `imports` of a package's manifest: which targets an entry has, whatever the conditions. Which of them is in git is
 *  not decided here. */

const nestingMax = 10;
const targetsMax = 100;
/** Conditions that name sources come before those that name what is built from them. */
const first = ["source", "types"];

/** `entry` is `.`, `./path` or `#name`. */
export function entriesFor(said: unknown, entry: string): readonly string[] {
  if (!isObject(said) || !hasEntries(said)) return entry === "." ? targetsIn(said, "", 0) : [];
  if (Object.hasOwn(said, entry) && !entry.includes("*")) return targetsIn(said[entry], "", 0);
  const patterns = Object.keys(said).filter((key) => key.includes("*") || key.endsWith("/"));
  // The longest that fits, as Node has it.
  for (const key of patterns.sort(
    (a, b) => headOf(b).length - headOf(a).length || b.length - a.length,
  )) {
    const head = headOf(key);
    const tail = key.includes("*") ? key.slice(head.length + 1) : "";
    if (!entry.startsWith(head) || !entry.endsWith(tail)) continue;
    if (entry.length < head.length + tail.length) continue;
    return targetsIn(said[key], entry.slice(head.length, entry.length - tail.length), 0);
  }
  return [];
}

function headOf(key: string): string {
  const star = key.indexOf("*");
  return star < 0 ? key : key.slice(0, star);
}

function hasEntries(said: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(said).some((key) => key.startsWith(".") || key.startsWith("#"));
}

function targetsIn(said: unknown, middle: string, depth: number): readonly string[] {
  if (depth > nestingMax) return [];
  if (typeof said === "string") {
    if (!said.startsWith("./")) return [];
    return [said.endsWith("/") ? said + middle : said.replaceAll("*", () => middle)];
  }
  if (Array.isArray(said))
    return said.flatMap((one) => targetsIn(one, middle, depth + 1)).slice(0, targetsMax);
  if (!isObject(said)) return [];
  const keys = [...first.filter((key) => Object.hasOwn(said, key)), ...Object.keys(said)];
  const targets = keys.flatMap((key) => targetsIn(said[key], middle, depth + 1));
  return [...new Set(targets)].slice(0, targetsMax);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
