import { describe, expect, it } from "vitest";
import {
  displayWidth,
  escapeControls,
  fitWidth,
  jsonText,
  oneLine,
  padWidth,
} from "../../src/core/text.ts";
import { hostileTexts } from "../support/run-state.ts";

const unsafe = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

describe("text from outside", () => {
  it("loses every character that a terminal obeys or that hides", () => {
    for (const text of hostileTexts) expect(escapeControls(text)).not.toMatch(unsafe);
  });

  it("escapes every control character of the first two blocks but newline and tab", () => {
    for (let code = 0; code < 0xa0; code++) {
      const character = String.fromCodePoint(code);
      const isControl = (code < 0x20 || code >= 0x7f) && character !== "\n" && character !== "\t";
      const written = `\\x${code.toString(16).padStart(2, "0")}`;
      expect(escapeControls(character)).toBe(isControl ? written : character);
    }
  });

  it("says what was escaped", () => {
    expect(escapeControls("a\x1b[31m\u202eb\u{e0041}")).toBe("a\\x1b[31m\\u{202e}b\\u{e0041}");
  });

  it("keeps letters, accents and emoji as they are", () => {
    const text = "grün naïve 漢字 e\u0301 ❤\ufe0f 🎉";
    expect(escapeControls(text)).toBe(text);
  });

  it("is one line when it is asked to be", () => {
    expect(oneLine("  a\r\n\r\n  b\tc\n")).toBe("a b c");
    for (const text of hostileTexts) expect(oneLine(text)).not.toMatch(/[\r\n\t]/);
  });

  it("means the same in JSON, without a character that a terminal obeys", () => {
    for (const text of hostileTexts) {
      const json = jsonText({ [text]: text }, 2);
      expect(json).not.toMatch(unsafe);
      expect(JSON.parse(json)).toEqual({ [text]: text });
    }
  });
});

describe("the width of text", () => {
  it.each([
    ["abc", 3],
    ["漢字", 4],
    ["e\u0301", 1],
    ["🎉", 2],
    ["grün", 4],
  ])("of %s is %i cells", (text, cells) => {
    expect(displayWidth(text)).toBe(cells);
  });

  it("never passes what it is fitted into", () => {
    for (let cells = 0; cells < 10; cells++) {
      expect(displayWidth(fitWidth("漢字 and more", cells))).toBeLessThanOrEqual(cells);
    }
    expect(fitWidth("short", 5)).toBe("short");
    expect(fitWidth("longer", 5)).toBe("long…");
  });

  it("is filled up with blanks", () => {
    expect(padWidth("漢", 4)).toBe("漢  ");
    expect(padWidth("abcdef", 4)).toBe("abcdef");
  });
});
