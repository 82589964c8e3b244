/** What a model may ask of a survey, and the little that it is told unasked. */
import * as z from "zod";
import { answering, refuse } from "../agent/refusal.ts";
import { type Tool, tool } from "../agent/tool.ts";
import { pathShape } from "../agent/tools/shapes.ts";
import { shown } from "../core/problem.ts";
import type { ImportEdge, Survey } from "../core/survey.ts";

const answersMax = 300;
const namesMax = 20;
const foldersMax = 40;
const hubsMax = 30;
const notesMax = 10;

export function surveyTool(survey: Survey): Tool {
  return tool({
    name: "survey",
    description:
      "Says of one file what it imports (imports), what imports it (imported_by), which names it offers to others (offers), or what changed together with it (changed_with).",
    shape: z.strictObject({
      path: pathShape,
      about: z.enum(["imports", "imported_by", "offers", "changed_with"]),
    }),
    effect: "reads",
    call: ({ path, about }, signal) =>
      answering(signal, async () => {
        const file = survey.files.find((one) => one.path === path);
        if (file === undefined) return refuse(`there is no file ${shown(path)}`);
        const lines = linesOf(survey, path, about);
        const text =
          lines.length === 0 ? "none" : [...lines.slice(0, answersMax), ...more(lines)].join("\n");
        return { type: "done", text, isForeign: true };
      }),
  });
}

type About = "imports" | "imported_by" | "offers" | "changed_with";

function linesOf(survey: Survey, path: string, about: About): readonly string[] {
  switch (about) {
    case "imports":
      return survey.imports
        .filter(({ from }) => from === path)
        .map((edge) => edgeLine(edge, edge.to));
    case "imported_by":
      return survey.imports
        .filter(({ to }) => to === path)
        .map((edge) => edgeLine(edge, edge.from));
    case "offers":
      return survey.files.find((one) => one.path === path)?.offers ?? [];
    case "changed_with":
      return survey.cochanges.flatMap(({ files: [one, other], together }) => {
        if (one !== path && other !== path) return [];
        return [`${one === path ? other : one} (${together} times)`];
      });
  }
}

function edgeLine({ kind, names }: ImportEdge, other: string): string {
  const used = names.length === 0 ? "" : `: ${names.slice(0, namesMax).join(", ")}`;
  return `${other} (${kind})${used}`;
}

function more(lines: readonly string[]): readonly string[] {
  const rest = lines.length - answersMax;
  return rest > 0 ? [`[and ${rest} more]`] : [];
}

/** How large it is, where its files are, and what everybody meets in. */
export function surveySummary({ files, imports, hubs, notes }: Survey): string {
  const folders = new Map<string, number>();
  for (const { path } of files) {
    const folder = path.split("/").slice(0, -1).slice(0, 2).join("/");
    folders.set(folder, (folders.get(folder) ?? 0) + 1);
  }
  const largest = [...folders].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const parts = [
    `${files.length} files, ${imports.length} imports between them.`,
    `Files by folder: ${largest
      .slice(0, foldersMax)
      .map(([folder, count]) => `${folder === "" ? "the root" : folder} ${count}`)
      .join(", ")}.`,
    hubs.length === 0
      ? ""
      : `Files that many would want to change, or none should:\n${hubs
          .slice(0, hubsMax)
          .map(({ path, why, policy }) => `- ${path}: ${why} (${policy})`)
          .join("\n")}`,
    ...notes.slice(0, notesMax).map(({ message }) => message),
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}
