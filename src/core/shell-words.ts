/** What a command line for `sh` will run, as far as that can be read with certainty without running it. It must never guess:
 *  whatever might be something else than it looks like (a substitution, a variable for a command, text for another
 *  interpreter) makes the whole line unclear. */
import { commandOf, type ShellWord, type SimpleCommand } from "./shell-command.ts";
import { tokensOf } from "./shell-tokens.ts";

export type ShellReading =
  /** The simple commands in their order; none where it only sets variables. */
  | { readonly type: "clear"; readonly commands: readonly SimpleCommand[] }
  | { readonly type: "unclear"; readonly why: string };

const lineCharsMax = 20_000;

export function readShell(line: string): ShellReading {
  if (line.length > lineCharsMax) return { type: "unclear", why: "it is too long to be read" };
  const tokens = tokensOf(line);
  if (tokens.type === "unclear") return tokens;
  const commands: SimpleCommand[] = [];
  let words: ShellWord[] = [];
  let writes = false;
  for (const token of [...tokens.tokens, { type: "end" } as const]) {
    if (token.type === "word") words.push(token.word);
    if (token.type === "redirect") writes ||= token.writes;
    if (token.type !== "end") continue;
    const read = commandOf(words, writes);
    if (read.type === "unclear") return read;
    if (read.type === "command") commands.push(read.command);
    words = [];
    writes = false;
  }
  return { type: "clear", commands };
}
