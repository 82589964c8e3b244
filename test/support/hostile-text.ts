/** Text that decoders must survive (P13): noise, cut-off files, and valid files with something hostile in them. */
import fc from "fast-check";
import { expect } from "vitest";
import type { Problem } from "../../src/core/problem.ts";

const hostileKeys = [
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "",
  "\n",
  "a.b[0]",
  "\u202e",
];
const hostileValues: readonly unknown[] = [
  null,
  [],
  {},
  -1,
  0,
  1e308,
  true,
  "",
  "-f",
  "../../x",
  "$(id)",
  "line\nbreak",
  "\u0000",
  "\ud800",
  "x".repeat(5000),
  "{".repeat(300),
  "*a".repeat(400),
  [[[[[[]]]]]],
  { type: "command", command: [] },
  { __proto__: null, type: "codemod" },
];

/** Bytes as a reader would hand them on. */
export const noise: fc.Arbitrary<string> = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString("utf8")),
  fc.string({ unit: "binary", maxLength: 100 }),
  fc.string({ unit: fc.constantFrom(..."{}[]:,\"'-&*!|>?#%@`\n \t\\x0e1.~"), maxLength: 100 }),
);

/** A valid value in which one place, or one key, became something else. */
export function spoilt(value: unknown): fc.Arbitrary<unknown> {
  const places = placesOf(value, []);
  return fc
    .record({
      place: fc.constantFrom(...places),
      key: fc.option(fc.constantFrom(...hostileKeys)),
      put: fc.constantFrom(...hostileValues),
    })
    .map(({ place, key, put }) => replaced(value, place, key === null ? put : { key, put }));
}

/** A valid text in which some characters became others. */
export function blotted(text: string): fc.Arbitrary<string> {
  const blot = fc.record({
    at: fc.nat(Math.max(0, text.length - 1)),
    gone: fc.nat(3),
    put: fc.constantFrom(
      "",
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      '"',
      "\\",
      "\n",
      "#",
      "//",
      "&a",
      "*a",
      "\0",
      "9",
    ),
  });
  return fc
    .array(blot, { minLength: 1, maxLength: 4 })
    .map((blots) =>
      blots.reduce(
        (made, { at, gone, put }) => made.slice(0, at) + put + made.slice(at + gone),
        text,
      ),
    );
}

/** A list of problems that a person can read: never empty, a line each. */
export function expectReadable(problems: readonly Problem[]): void {
  expect(problems.length).toBeGreaterThan(0);
  for (const problem of problems) {
    expect(problem.message.length).toBeGreaterThan(0);
    const said = `${problem.field} ${problem.message} ${problem.advice ?? ""}`;
    expect(said).not.toMatch(/[\n\r\0]/);
    expect(said.length).toBeLessThan(1000);
  }
}

type Place = readonly (string | number)[];

function placesOf(value: unknown, at: Place): readonly Place[] {
  if (typeof value !== "object" || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([key, inner]) => placesOf(inner, [...at, key]))];
}

function replaced(value: unknown, place: Place, put: unknown): unknown {
  const [key, ...rest] = place;
  if (key === undefined) return isRenaming(put) ? { [put.key]: put.put } : put;
  const copy: Record<string, unknown> = Array.isArray(value)
    ? ([...value] as unknown as Record<string, unknown>)
    : { ...(value as Record<string, unknown>) };
  if (rest.length === 0 && isRenaming(put)) {
    Object.defineProperty(copy, put.key, { value: put.put, enumerable: true, configurable: true });
    return copy;
  }
  copy[key] = replaced((value as Record<string, unknown>)[key], rest, put);
  return copy;
}

function isRenaming(put: unknown): put is { readonly key: string; readonly put: unknown } {
  return typeof put === "object" && put !== null && "key" in put && "put" in put;
}
