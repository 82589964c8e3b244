/** The ends of long outputs, and text of others made fit for one line. */
import { stripVTControlCharacters } from "node:util";

/** How much of an output a summary, a check's tail and TASK.md keep. */
export const tailCharactersMax = 5000;

const messageCharactersMax = 200;

/** The last characters of a text, never beginning with half a character. */
export function tailOf(text: string, charactersMax: number = tailCharactersMax): string {
  const tail = text.slice(-charactersMax);
  return /^[\udc00-\udfff]/.test(tail) ? tail.slice(1) : tail;
}

/** The last line that says something, in plain characters and at most 200 of them; undefined where there is none. */
export function lastLineOf(output: string): string | undefined {
  const lines = stripVTControlCharacters(tailOf(output)).split(/[\r\n]/);
  const line = lines.findLast((each) => each.trim() !== "");
  return line === undefined ? undefined : oneLine(line).slice(0, messageCharactersMax);
}

/** Text of others for a heading or a message: control characters and line ends become single spaces. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, " ").trim();
}
