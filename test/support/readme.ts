/** README.md as data: its sections and what is fenced in them. */

export interface Fence {
  /** The heading of level two that it stands under; empty above the first. */
  readonly section: string;
  /** `sh`, `text`, `json` … */
  readonly language: string;
  /** The file that it is to be saved as, where the fence names one. */
  readonly file?: string;
  readonly text: string;
}

export function fencesOf(page: string): readonly Fence[] {
  return page.split(/^## /m).flatMap((part, at) => {
    const section = at === 0 ? "" : (part.split("\n")[0] ?? "");
    return [...part.matchAll(/^```(\S*) ?(\S*)\n(.*?)^```$/gms)].map(
      ([, language = "", file = "", text = ""]) => ({
        section,
        language,
        text,
        ...(file === "" ? {} : { file }),
      }),
    );
  });
}

/** What a person would type of a fence: a command each line, of a crontab what follows the five times. */
export function commandsOf({ language, text }: Fence): readonly string[] {
  const lines = text.split("\n").filter((line) => line !== "");
  switch (language) {
    case "sh":
      return lines;
    case "crontab":
      return lines.map((line) => line.replace(/^(?:\S+\s+){5}/, ""));
    // What a run looks like: compared with a real one.
    case "text":
    case "json":
    case "yaml":
      return [];
    default:
      throw new Error(`nobody knows whether to run what is fenced as ${language || "nothing"}`);
  }
}
