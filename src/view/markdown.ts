/** Text from outside as Markdown that renders as that text and nothing else. */
import { escapeControls, oneLine } from "../core/text.ts";

/** Every character that could begin markup is escaped, and a web address is no link; one line. */
export function plain(text: string): string {
  return oneLine(text)
    .replace(/[\\`*_{}[\]()#|<>~&$]/g, "\\$&")
    .replace(/^(\d*)([-+.)])(?=\s|$)/, "$1\\$2")
    .replace(/:(?=\/\/)|\.(?<=\bwww\.)/gi, "\\$&");
}

/** A code span that the text cannot leave; a bar is escaped for tables. */
export function code(text: string): string {
  const line = oneLine(text).replaceAll("|", "\\|");
  const fence = "`".repeat(longestRun(line) + 1);
  const pad = line.startsWith("`") || line.endsWith("`") || line === "" ? " " : "";
  return `${fence}${pad}${line}${pad}${fence}`;
}

/** A code block that the text cannot leave. */
export function codeBlock(text: string): string {
  const escaped = escapeControls(text.replaceAll("\r\n", "\n"));
  const fence = "`".repeat(Math.max(3, longestRun(escaped) + 1));
  return `${fence}text\n${escaped.replace(/\n$/, "")}\n${fence}`;
}

export function tableOf(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, header.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
}
