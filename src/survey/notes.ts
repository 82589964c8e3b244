/** What whoever plans should know of and no other value says: files that could not be read, imports that lead nowhere. */
import type { RepoPath } from "../core/id.ts";
import { strongComponents } from "../core/strong-components.ts";
import type { ImportEdge, NoteSubject, SurveyedFile, SurveyNote } from "../core/survey.ts";
import { someOf } from "../core/text.ts";
import type { Unresolved } from "./import-graph.ts";

const namedMax = 3;
const circlesMax = 20;

const byKind: Readonly<Record<string, (files: string) => string>> = {
  symlink: (files) => `${files}: symbolic links, which no unit changes through`,
  submodule: (files) => `${files}: commits of other repositories, which no unit can own`,
  binary: (files) => `${files}: binary, tied to others by folder and history alone`,
  huge: (files) => `${files}: too large to be read, tied to others by folder and history alone`,
  not_utf8: (files) => `${files}: text that is not UTF-8, so that its imports are unknown`,
};

export interface Noted {
  readonly files: readonly SurveyedFile[];
  readonly imports: readonly ImportEdge[];
  readonly whyUnparsable: ReadonlyMap<string, string>;
  /** By why they are. */
  readonly unread: ReadonlyMap<string, readonly RepoPath[]>;
  readonly unresolved: readonly Unresolved[];
}

export function notesOf(noted: Noted): readonly SurveyNote[] {
  const { files, imports, whyUnparsable, unread, unresolved } = noted;
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
    ...circleNotes(imports),
  ];
}

/** Circles of what is loaded when the program starts: types and what is loaded later hold nobody up. */
function circleNotes(imports: readonly ImportEdge[]): readonly SurveyNote[] {
  const numbers = new Map<RepoPath, number>();
  const numberOf = (path: RepoPath) => {
    const number = numbers.get(path) ?? numbers.size;
    numbers.set(path, number);
    return number;
  };
  const binding = imports.filter(({ kind }) => kind !== "type" && kind !== "dynamic");
  const arrows = binding.map(({ from, to }) => ({ from: numberOf(from), to: numberOf(to) }));
  const { of } = strongComponents(numbers.size, arrows);
  const members = new Map<number, RepoPath[]>();
  for (const [path, number] of numbers) {
    const component = of[number] ?? -1;
    const known = members.get(component);
    if (known === undefined) members.set(component, [path]);
    else known.push(path);
  }
  const circles = [...members.values()].filter((paths) => paths.length > 1);
  return circles
    .map((paths) => paths.sort())
    .sort((a, b) => b.length - a.length || (String(a[0]) < String(b[0]) ? -1 : 1))
    .slice(0, circlesMax)
    .map((paths) => ({
      about: "circle",
      message: `${paths.length} files import each other in a circle: ${someOf(paths, namedMax)}`,
      paths,
    }));
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
