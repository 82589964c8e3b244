/** Matching one spelt-out glob, segment by segment, in time proportional to glob × path: only the last star is ever
 *  tried again, which is enough for names as for folders. */

import { quoted } from "./problem.ts";

export type Segment =
  /** `**`: any number of folders. */
  | { readonly type: "any"; readonly tail: string }
  | { readonly type: "name"; readonly name: string; readonly tail: string }
  | { readonly type: "wild"; readonly places: readonly Place[]; readonly tail: string };

/** One character, any one, any number of them, or one of a class. */
type Place = { readonly type: "character"; readonly character: string } | Wild;
type Wild =
  | { readonly type: "one" }
  | { readonly type: "star" }
  | { readonly type: "class"; readonly form: RegExp };

/** The segments of a glob without braces, or why it is none. */
export function parseSegments(text: string): readonly Segment[] | string {
  const segments: Segment[] = [];
  for (const part of text.split("/")) {
    const segment = parseSegment(part);
    if (typeof segment === "string") return segment;
    segments.push(segment);
  }
  // As in picomatch, `src/**` takes in `src` itself, but `*/**` no file at the root.
  const [before, last] = segments.slice(-2);
  if (last?.type === "any" && before?.type === "wild" && isStar(before.places.at(-1))) {
    segments.push({ type: "wild", places: [{ type: "star" }], tail: "" });
  }
  return segments;
}

function isAny(segment: Segment): boolean {
  return segment.type === "any";
}

function isStar(place: Place | undefined): boolean {
  return place?.type === "star";
}

export function matchesSegments(segments: readonly Segment[], parts: readonly string[]): boolean {
  if (parts.length !== segments.length && !segments.some(isAny)) return false;
  return matchesStarred(
    segments.length,
    parts.length,
    (at) => segments[at]?.type === "any",
    (at, item) => matchesSegment(segments[at], parts[item] ?? ""),
  );
}

function matchesSegment(segment: Segment | undefined, part: string): boolean {
  if (segment?.type === "name") return segment.name === part;
  if (segment?.type !== "wild") return false;
  if (!part.endsWith(segment.tail)) return false;
  const { places } = segment;
  return matchesStarred(
    places.length,
    part.length,
    (at) => isStar(places[at]),
    (at, item) => matchesPlace(places[at], part[item] ?? ""),
  );
}

function matchesPlace(place: Place | undefined, character: string): boolean {
  if (place === undefined || place.type === "star") return false;
  if (place.type === "one") return true;
  return place.type === "class" ? place.form.test(character) : place.character === character;
}

function matchesStarred(
  patterns: number,
  items: number,
  isStar: (at: number) => boolean,
  matches: (at: number, item: number) => boolean,
): boolean {
  let at = 0;
  let item = 0;
  let star = -1;
  let mark = 0;
  while (item < items) {
    if (at < patterns && isStar(at)) {
      star = at;
      mark = item;
      at += 1;
    } else if (at < patterns && matches(at, item)) {
      at += 1;
      item += 1;
    } else if (star >= 0) {
      mark += 1;
      item = mark;
      at = star + 1;
    } else return false;
  }
  while (at < patterns && isStar(at)) at += 1;
  return at === patterns;
}

function parseSegment(text: string): Segment | string {
  if (text === "**") return { type: "any", tail: "" };
  const places: Place[] = [];
  const tokens = text.match(/\\.|\[[!^]?\]?(?:\\.|[^\]\\])*\]|\*+|./gs) ?? [];
  for (const token of tokens) {
    const place = placeOf(token);
    if (typeof place === "string") return place;
    places.push(place);
  }
  const lastWild = places.findLastIndex((place) => place.type !== "character");
  const tail = textOf(places.slice(lastWild + 1));
  return lastWild < 0 ? { type: "name", name: tail, tail } : { type: "wild", places, tail };
}

function textOf(places: readonly Place[]): string {
  return places.map((place) => (place.type === "character" ? place.character : "")).join("");
}

function placeOf(token: string): Place | string {
  if (token.startsWith("*")) return { type: "star" };
  if (token === "?") return { type: "one" };
  if (token.length > 1 && token.startsWith("\\")) {
    return { type: "character", character: token.slice(1) };
  }
  if (token.length > 2 && token.startsWith("[")) return classOf(token);
  return { type: "character", character: token };
}

function classOf(token: string): Place | string {
  const negated = /^\[[!^]/.test(token);
  const body = token
    .slice(negated ? 2 : 1, -1)
    .replace(/^\]/, "\\]")
    .replaceAll("[", "\\[");
  try {
    return { type: "class", form: new RegExp(`^[${negated ? "^" : ""}${body}]$`, "s") };
  } catch (error) {
    if (error instanceof SyntaxError) return `has a class that cannot be read: ${quoted(token)}`;
    throw error;
  }
}
