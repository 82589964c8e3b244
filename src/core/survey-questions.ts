/** What whoever plans asks a survey: who imports a file, what it imports, which names it offers, what changed with it. The answers are
 *  looked up, not searched, however often they are asked. */
import type { RepoPath } from "./id.ts";
import type { Cochange, Hub, ImportEdge, Survey, SurveyedFile } from "./survey.ts";

export interface SurveyQuestions {
  /** Undefined where the commit has no such file. */
  file(path: string): SurveyedFile | undefined;
  importsOf(path: string): readonly ImportEdge[];
  importersOf(path: string): readonly ImportEdge[];
  /** Names that others can import from it, with those that it passes on by `export *`; sorted. */
  offeredBy(path: string): readonly string[];
  /** Files that offer a name, in path order; those that only pass it on by `export *` too. */
  offering(name: string): readonly RepoPath[];
  /** The strongest first. */
  changedWith(path: string): readonly Cochange[];
  hub(path: string): Hub | undefined;
}

export function surveyQuestions(survey: Survey): SurveyQuestions {
  const files = new Map<string, SurveyedFile>(survey.files.map((file) => [file.path, file]));
  const imports = grouped(survey.imports, ({ from }) => [from]);
  const importers = grouped(survey.imports, ({ to }) => [to]);
  const cochanges = grouped(survey.cochanges, (tie) => tie.files);
  const hubs = new Map<string, Hub>(survey.hubs.map((hub) => [hub.path, hub]));
  const importsOf = (path: string) => imports.get(path) ?? [];
  const importersOf = (path: string) => importers.get(path) ?? [];
  return {
    file: (path) => files.get(path),
    importsOf,
    importersOf,
    offeredBy: (path) => {
      const passed = reach(path, (at) =>
        importsOf(at)
          .filter(isStar)
          .map(({ to }) => to),
      );
      const names = new Set(files.get(path)?.offers ?? []);
      for (const other of passed) {
        // `export *` passes everything on but the default.
        const { offers = [] } = files.get(other) ?? {};
        for (const name of offers) if (name !== "default") names.add(name);
      }
      return [...names].sort();
    },
    offering: (name) => {
      const own = survey.files.filter(({ offers }) => offers.includes(name));
      const paths = new Set<RepoPath>(own.map(({ path }) => path));
      if (name === "default") return [...paths];
      for (const { path } of own)
        for (const other of reach(path, (at) =>
          importersOf(at)
            .filter(isStar)
            .map(({ from }) => from),
        ))
          paths.add(other);
      return [...paths].sort();
    },
    changedWith: (path) =>
      (cochanges.get(path) ?? []).toSorted((a, b) => b.share - a.share || b.together - a.together),
    hub: (path) => hubs.get(path),
  };
}

function isStar({ kind, names }: ImportEdge): boolean {
  return kind === "re-export" && names.includes("*");
}

/** Everything that can be come to from a file, without itself unless a circle leads back. */
function reach(path: string, next: (at: string) => readonly RepoPath[]): ReadonlySet<RepoPath> {
  const seen = new Set<RepoPath>();
  const open = [...next(path)];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (seen.has(at)) continue;
    seen.add(at);
    open.push(...next(at));
  }
  return seen;
}

function grouped<Item>(
  items: readonly Item[],
  keysOf: (item: Item) => readonly string[],
): ReadonlyMap<string, readonly Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    for (const key of keysOf(item)) {
      const known = groups.get(key);
      if (known === undefined) groups.set(key, [item]);
      else known.push(item);
    }
  }
  return groups;
}
