/** What text of others may do to a terminal: nothing. */
import { describe, expect, test } from "vitest";
import { escapeControls } from "../../src/core/text.ts";

describe("escapeControls", () => {
  test("writes out every control, bidi, zero-width and line character", () => {
    const hostile = [
      ...range(0x00, 0x1f).filter((code) => code !== 0x09 && code !== 0x0a),
      ...range(0x7f, 0x9f),
      ...[0xad, 0x61c, 0x180e, 0x2028, 0x2029, 0xfeff],
      ...range(0x200b, 0x200f),
      ...range(0x202a, 0x202e),
      ...range(0x2060, 0x206f),
      ...range(0xfff9, 0xfffb),
      ...range(0xe0001, 0xe007f),
      ...[0xd800, 0xdfff, 0x3164, 0x115f],
    ];
    const shown = hostile.map((code) => escapeControls(String.fromCodePoint(code)));
    expect(shown.filter((text) => !/^\\(?:x[0-9a-f]{2}|u\{[0-9a-f]+\})$/.test(text))).toEqual([]);
  });

  test("leaves text, line ends, tabs and signs of all scripts alone", () => {
    const text = "a\tb\nżółw עברית 漢字 🙂 ❤️ \\x1b — “q”";
    expect(escapeControls(text)).toBe(text);
  });

  test("shows what an escape sequence would have done", () => {
    expect(escapeControls("\x1b]0;title\x07 \u202etxt.exe \r\u009b2J")).toBe(
      "\\x1b]0;title\\x07 \\u{202e}txt.exe \\x0d\\x9b2J",
    );
  });
});

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, at) => from + at);
}
