/** What an attempt left to read: its task, result, output and check logs, one after the other. */
import { escapeControls, oneLine } from "../core/text.ts";
import type { AttemptStory } from "./attempts.ts";
import { type Paint, sayCount, sayDuration, sayReason, sayTime } from "./words.ts";

export interface LogFile {
  /** Relative to the run's folder. */
  readonly name: string;
  /** What it is the log of. */
  readonly title?: string;
  /** Of a red check: why. */
  readonly why?: string;
  readonly text: string;
  /** Bytes of its beginning that are not in `text`. */
  readonly bytesLeftOut: number;
}

export function attemptStory(
  story: AttemptStory | undefined,
  files: readonly LogFile[],
  paint: Paint,
): string {
  const head = story === undefined ? [] : [headLine(story, paint)];
  const logs = files.map((file) => logText(file, paint));
  return `${[...head, ...logs].join("\n\n")}\n`;
}

function headLine(story: AttemptStory, paint: Paint): string {
  const time =
    story.endedAt === undefined ? "" : `, ${sayDuration(story.endedAt - story.startedAt)}`;
  const reason = story.reason === undefined ? "" : `, ${sayReason(story.reason)}`;
  const title = paint("bold", `${story.unit}, attempt ${story.attempt}`);
  const files =
    story.changed.length === 0 ? "" : `, ${sayCount(story.changed.length, "file")} changed`;
  return `${title} (began ${sayTime(story.startedAt)}${time}): ${story.end}${reason}${files}`;
}

function logText({ name, title, why, text, bytesLeftOut }: LogFile, paint: Paint): string {
  const body = escapeControls(text.replaceAll("\r\n", "\n")).replace(/\n+$/, "");
  const cut = bytesLeftOut > 0 ? `(the first ${bytesLeftOut} bytes are only in the file)\n` : "";
  const said = title === undefined ? oneLine(name) : `${oneLine(title)} (${oneLine(name)})`;
  const empty = why === undefined ? "(empty)" : `(empty: ${oneLine(why)})`;
  return `${paint("bold", `── ${said} ──`)}\n${cut}${body === "" ? empty : body}`;
}
