/** What whoever plans should know of and no other value says: files that could not be read, imports that lead nowhere. */
import type { RepoPath } from "../core/id.ts";
import type { NoteSubject, SurveyedFile, SurveyNote } from "../core/survey.ts";
import { someOf } from "../core/text.ts";
import type { Unresolved } from "./import-graph.ts";

const namedMax = 3;

const byKind: Readonly<Record<string, (files: string) => string>> = {
  symlink: (files) => `${files}: symbolic links, which no unit changes through`,
  submodule: (files) => `${files}: commits of other repositories, which no unit can own`,
  binary: (files) => `${files}: binary, tied to others by folder and history alone`,
  huge: (files) => `${files}: too large to be read, tied to others by folder and history alone`,
  not_utf8: (files) => `${files}: text that is not UTF-8, so that its imports are unknown`,
};

export function notesOf(
  files: readonly SurveyedFile[],
  whyUnparsable: ReadonlyMap<string, string>,
  unread: ReadonlyMap<string, readonly RepoPath[]>,
  unresolved: readonly Unresolved[],
): readonly SurveyNote[] {
  const notes: SurveyNote[] = [];
  for (const [kind, say] of Object.entries(byKind)) {
    const paths = files.flatMap((file) => (file.kind === kind ? file.path : []));
    if (paths.length > 0)
      notes.push({ about: kind as NoteSubject, message: say(countOf(paths)), paths });
  }
  return [
    ...notes,
    ...unparsableNotes(files, whyUnparsable),
    ...unreadNotes(unread),
    ...unresolvedNotes(unresolved),
  ];
}

function unparsableNotes(
  files: readonly SurveyedFile[],
  whys: ReadonlyMap<string, string>,
): readonly SurveyNote[] {
  const paths = files.flatMap((file) => (file.kind === "unparsable" ? file.path : []));
  if (paths.length === 0) return [];
  const said = someOf(
    paths.map((path) => `${path} (${whys.get(path) ?? "unknown"})`),
    namedMax,
  );
  const message = `cannot be parsed, so that its imports may be incomplete: ${said}`;
  return [{ about: "unparsable", message, paths }];
}

function unreadNotes(unread: ReadonlyMap<string, readonly RepoPath[]>): readonly SurveyNote[] {
  return [...unread].map(([why, paths]) => ({
    about: "unread",
    message: `${countOf(paths)}: ${why}`,
    paths,
  }));
}

function unresolvedNotes(unresolved: readonly Unresolved[]): readonly SurveyNote[] {
  if (unresolved.length === 0) return [];
  const said = someOf(
    unresolved.map(({ from, specifier }) => `${specifier} in ${from}`),
    namedMax,
  );
  const imports = unresolved.length === 1 ? "an import leads" : `${unresolved.length} imports lead`;
  const paths = [...new Set(unresolved.map(({ from }) => from))];
  const message = `${imports} to no file of the commit (made by a build?): ${said}`;
  return [{ about: "unresolved", message, paths }];
}

function countOf(paths: readonly string[]): string {
  return paths.length === 1
    ? (paths[0] ?? "")
    : `${paths.length} files (${someOf(paths, namedMax)})`;
}
