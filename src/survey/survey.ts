/** What is in a repository at a commit: files, imports, what changed together, hubs. Everything comes out of git's objects, never from
 *  the disk, and nothing is written but a cache that may be lost. It must never fail for what is in a file: that becomes a note. */
import path from "node:path";
import { hubOf } from "../core/hub.ts";
import type { RepoPath, Sha } from "../core/id.ts";
import {
  type Hub,
  type ImportEdge,
  languageOf,
  type Survey,
  type SurveyedFile,
} from "../core/survey.ts";
import type { RefHome } from "../git/ref.ts";
import { filesAt, type TreeEntry } from "../git/tree.ts";
import { linguistAttributes } from "./attributes.ts";
import type { BlobFacts } from "./blob-facts.ts";
import { readCochanges } from "./cochange.ts";
import { factsVersion } from "./facts-version.ts";
import { type FileTree, fileTree } from "./file-tree.ts";
import { importGraph } from "./import-graph.ts";
import { type KeptFile, keptFile } from "./kept-file.ts";
import { notesOf } from "./notes.ts";
import { packSurvey, unpackSurvey } from "./packed-survey.ts";
import { kindWithoutReading, readFacts } from "./read-facts.ts";
import { readWorkspaces } from "./workspaces.ts";

export interface SurveyRequest {
  readonly home: RefHome;
  readonly base: Sha;
  /** A folder of the state directory that is this repository's alone; made where it is not there. */
  readonly cacheFolder: string;
  readonly signal: AbortSignal;
}

/** The same commit always gives the same survey, and a second time at once. Throws a Failure where git cannot read the commit, the
 *  signal's reason where it was aborted; leaves no process behind. */
export async function surveyCommit(request: SurveyRequest): Promise<Survey> {
  const version = await factsVersion();
  const { base, cacheFolder, signal } = request;
  const whole = keptFile(path.join(cacheFolder, "survey.json"), `${version},${base}`);
  const known = await whole.read();
  signal.throwIfAborted();
  if (known !== undefined) return unpackSurvey(known);
  const facts = keptFile(path.join(cacheFolder, "facts.json"), version);
  const survey = await newSurvey(request, facts);
  // A parser that is missing may be there the next time.
  if (!survey.notes.some(({ about }) => about === "unread")) await whole.write(packSurvey(survey));
  return survey;
}

async function newSurvey({ home, base, signal }: SurveyRequest, cache: KeptFile): Promise<Survey> {
  const listed = await filesAt(home, base, { sizes: true, signal });
  const entries = listed.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const there = new Set<string>(entries.map((entry) => entry.path));
  const [facts, cochanges] = await bothOrNone(signal, (both) => [
    readFacts({ home, entries, cache, signal: both }),
    readCochanges(home, base, there, both),
  ]);
  const tree = fileTree(
    entries.flatMap((entry, at) =>
      entry.mode.startsWith("100") ? [[entry.path, facts[at]] as const] : [],
    ),
  );
  const graph = importGraph(tree, await readWorkspaces(tree));
  const files = entries.map((entry, at) =>
    surveyedFile(entry, facts[at], graph.outside.get(entry.path) ?? []),
  );
  const whys = new Map(entries.map((entry, at) => [entry.path as string, facts[at]?.why ?? ""]));
  return {
    base,
    files,
    imports: graph.edges,
    cochanges,
    hubs: hubsOf(files, graph.edges, tree),
    notes: notesOf({
      files,
      imports: graph.edges,
      whyUnparsable: whys,
      unread: unreadOf(entries, facts),
      unresolved: graph.unresolved,
    }),
  };
}

/** Where one fails the other is ended and waited for, so that nothing of it is left running. */
async function bothOrNone<One, Other>(
  signal: AbortSignal,
  begin: (signal: AbortSignal) => [Promise<One>, Promise<Other>],
): Promise<[One, Other]> {
  const failed = new AbortController();
  const begun = begin(AbortSignal.any([signal, failed.signal]));
  try {
    return await Promise.all(begun);
  } catch (error) {
    failed.abort(error);
    await Promise.allSettled(begun);
    throw error;
  }
}

function surveyedFile(
  entry: TreeEntry,
  facts: BlobFacts | undefined,
  outside: readonly string[],
): SurveyedFile {
  const kind = kindWithoutReading(entry) ?? facts?.kind ?? "huge";
  const isSource = kind === "text" || kind === "unparsable";
  const language = isSource ? languageOf(entry.path) : undefined;
  return {
    path: entry.path,
    kind,
    bytes: entry.size ?? 0,
    ...(language === undefined || facts?.unread ? {} : { language }),
    offers: facts?.offers ?? [],
    outside,
  };
}

function unreadOf(
  entries: readonly TreeEntry[],
  facts: readonly (BlobFacts | undefined)[],
): ReadonlyMap<string, readonly RepoPath[]> {
  const unread = new Map<string, RepoPath[]>();
  entries.forEach((entry, at) => {
    if (facts[at]?.unread === undefined) return;
    const why = facts[at]?.why ?? `no parser for ${languageOf(entry.path)} is installed`;
    unread.set(why, [...(unread.get(why) ?? []), entry.path]);
  });
  return unread;
}

function hubsOf(
  files: readonly SurveyedFile[],
  edges: readonly ImportEdge[],
  tree: FileTree,
): readonly Hub[] {
  const importers = new Map<string, number>();
  const imported = new Map<string, number>();
  const passedOn = new Map<string, number>();
  const count = (map: Map<string, number>, key: string) => map.set(key, (map.get(key) ?? 0) + 1);
  let before: ImportEdge | undefined;
  for (const edge of edges) {
    // What one file imports of another in several ways stands side by side, and counts once.
    if (edge.from !== before?.from || edge.to !== before.to) {
      count(importers, edge.to);
      count(imported, edge.from);
    }
    if (edge.kind === "re-export") count(passedOn, edge.from);
    before = edge;
  }
  const attributesOf = linguistAttributes(tree);
  const sources = files.filter((file) => file.language !== undefined).length;
  return files.flatMap((file) => {
    if (file.kind === "symlink" || file.kind === "submodule") return [];
    const generatedBy = tree.factsOf(file.path)?.generated;
    const facts = {
      path: file.path,
      attributes: attributesOf(file.path),
      ...(generatedBy === undefined ? {} : { generatedBy }),
      importers: importers.get(file.path) ?? 0,
      imported: imported.get(file.path) ?? 0,
      passedOn: passedOn.get(file.path) ?? 0,
    };
    return hubOf(facts, sources) ?? [];
  });
}
