/** Text from outside made harmless to show: a terminal, a page or a reader must never obey or be deceived by it. */

/** All that moves the cursor, turns or hides text: controls, format characters (bidi, zero-width, tags), line and paragraph
 *  separators, lone surrogates, and what shows as nothing, but for the selector that makes an emoji of a sign. Newline and tab
 *  are kept: they are layout. */
const hidden = /(?!\n|\t|\ufe0f)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

/** Every control, bidi and zero-width character is written out, such as `\x1b`; newline and tab stay. */
export function escapeControls(text: string): string {
  return text.replace(hidden, written);
}

/** The same on one line: any run of line breaks and blanks becomes one space. */
export function oneLine(text: string): string {
  return escapeControls(text.replace(/\s*[\r\n]\s*/g, " ").replace(/\t/g, " ")).trim();
}

/** JSON that means the same and holds no character that a terminal obeys. */
export function jsonText(value: unknown, indent = 0): string {
  return JSON.stringify(value, undefined, indent).replace(hidden, (character) =>
    [...utf16(character)].map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join(""),
  );
}

function* utf16(text: string): Generator<number> {
  for (let at = 0; at < text.length; at++) yield text.charCodeAt(at);
}

function written(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const digits = code.toString(16);
  return code < 0x100 ? `\\x${digits.padStart(2, "0")}` : `\\u{${digits}}`;
}

// Ranges of characters that take two cells on a terminal; sorted.
const wide: readonly (readonly [number, number])[] = [
  [0x1100, 0x115e],
  [0x231a, 0x231b],
  [0x23e9, 0x23ec],
  [0x25fd, 0x25fe],
  [0x2614, 0x2615],
  [0x2648, 0x2653],
  [0x26a1, 0x26a1],
  [0x2705, 0x2705],
  [0x270a, 0x270b],
  [0x2728, 0x2728],
  [0x274c, 0x274c],
  [0x2e80, 0x303e],
  [0x3041, 0xa4cf],
  [0xa960, 0xa97c],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f900, 0x1faff],
  [0x20000, 0x3fffd],
];

/** How many cells of a terminal the text takes; it must hold no controls. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) width += cellsOf(character);
  return width;
}

/** The longest beginning that fits into `cells`, with `…` where something was cut. */
export function fitWidth(text: string, cells: number): string {
  if (displayWidth(text) <= cells) return text;
  let kept = "";
  let width = 0;
  for (const character of text) {
    width += cellsOf(character);
    if (width > cells - 1) break;
    kept += character;
  }
  return cells < 1 ? "" : `${kept}…`;
}

export function padWidth(text: string, cells: number): string {
  return text + " ".repeat(Math.max(0, cells - displayWidth(text)));
}

function cellsOf(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x300) return 1;
  if (/^\p{M}$/u.test(character)) return 0;
  return wide.some(([from, to]) => code >= from && code <= to) ? 2 : 1;
}

/** `a, b, and 3 more`. */
export function someOf(names: readonly string[], namedMax: number): string {
  const more = names.length - namedMax;
  const named = names.slice(0, namedMax).join(", ");
  return more > 0 ? `${named}, and ${more} more` : named;
}
