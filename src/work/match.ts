/** Finding what a rule matches in the files of a commit: their content comes from git's objects and is searched in child processes.
 *  It must never read a checkout, and never run anything of the repository. */
import { isUtf8 } from "node:buffer";
import { availableParallelism } from "node:os";
import type { Glob, RepoPath, Sha } from "../core/id.ts";
import { boundPlaces, type FoundFile, type Match } from "../core/match.ts";
import { matcherOf } from "../core/ownership.ts";
import { type ObjectReader, openObjects } from "../git/objects.ts";
import type { RefHome } from "../git/ref.ts";
import { filesAt, type TreeEntry } from "../git/tree.ts";
import { splitMark } from "./codemod-file.ts";
import type { SearchBatch, TextSearched } from "./codemod-protocol.ts";
import { askReady } from "./codemod-rule-child.ts";
import { createTextPool } from "./match-pool.ts";
import { rulesOfMatch } from "./match-rule.ts";

export interface Search {
  readonly match: Match;
  /** Where it looks; everywhere if there are none. */
  readonly files: readonly Glob[];
  /** By these a later process finds children that outlived us. */
  readonly environment: Readonly<Record<string, string>>;
  /** The longest that one text may take. */
  readonly textTimeMs?: number;
}

export interface Found {
  /** By path. */
  readonly files: readonly FoundFile[];
  /** How many places the authors of files keep the rules off, by path. */
  readonly suppressed: ReadonlyMap<RepoPath, number>;
  /** What could not be looked into, such as binary files. */
  readonly unread: readonly { readonly path: RepoPath; readonly why: string }[];
  /** Files of which a part could not be parsed: matches may have been missed. */
  readonly unclean: readonly RepoPath[];
}

export type SearchOutcome =
  | { readonly type: "found"; readonly found: Found }
  /** Nobody can say what is there: a file took too long, or a child came to its end. */
  | { readonly type: "failed"; readonly message: string };

/** Larger files are made by programs, not written by people. */
const fileBytesMax = 5_000_000;
const defaultTextTimeMs = 30_000;
const childrenMax = 8;
const batchFiles = 40;
const ordinaryModes: ReadonlySet<string> = new Set(["100644", "100755"]);

/** Everything that is wrong with a rule: first what its text tells, then what ast-grep has against it, asked in a child process. */
export async function askMatchProblems(
  match: Match,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const read = match.type === "regex" ? undefined : rulesOfMatch(match);
  if (read?.type === "problems") return read.problems;
  const asking = { environment: {}, fileTimeMs: defaultTextTimeMs, signal };
  const { problems } = await askReady({ ...asking, kind: "search", job: { match } });
  return [...new Set(problems)];
}

/** Rejects where the signal aborts, or where git cannot be read. */
export async function findMatches(
  home: RefHome,
  commit: Sha,
  { match, files, environment, textTimeMs: fileTimeMs = defaultTextTimeMs }: Search,
  signal: AbortSignal,
): Promise<SearchOutcome> {
  const asking = { environment, fileTimeMs, signal };
  const ready = await askReady({ ...asking, kind: "search", job: { match } });
  if (ready.problems.length > 0) return { type: "failed", message: ready.problems.join("; ") };
  const entries = await filesAt(home, commit, { signal });
  const isMeant = files.length === 0 ? () => true : matcherOf(files);
  const looked = entries.filter(
    ({ path, mode }) =>
      ordinaryModes.has(mode) && hasExtension(path, ready.extensions) && isMeant(path),
  );
  const children = Math.max(1, Math.min(availableParallelism(), childrenMax));
  const pool = createTextPool({ job: { match }, environment, fileTimeMs, children });
  const objects = openObjects(home, { blobBytesMax: fileBytesMax, signal });
  const onAbort = () => void pool.close();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await searchAll(looked, { objects, search: pool.search, children }, signal);
  } finally {
    signal.removeEventListener("abort", onAbort);
    await Promise.all([pool.close(), objects.close()]);
  }
}

/** Those of the paths that are text at this commit. */
export async function textsAt(
  home: RefHome,
  commit: Sha,
  paths: readonly RepoPath[],
  signal: AbortSignal,
): Promise<ReadonlySet<RepoPath>> {
  const wanted = new Set(paths);
  if (wanted.size === 0) return wanted;
  const entries = await filesAt(home, commit, { signal });
  const objects = openObjects(home, { blobBytesMax: fileBytesMax, signal });
  try {
    const read = entries
      .filter(({ path, mode }) => wanted.has(path) && ordinaryModes.has(mode))
      .map((entry) => textOf(objects, entry));
    const texts = await Promise.all(read);
    return new Set(texts.flatMap((one) => (one.type === "text" ? [one.path] : [])));
  } finally {
    await objects.close();
  }
}

interface Searching {
  readonly objects: ObjectReader;
  readonly search: (texts: SearchBatch["texts"]) => Promise<readonly TextSearched[]>;
  /** How many batches are under way at once. */
  readonly children: number;
}

type Text =
  | { readonly type: "text"; readonly path: RepoPath; readonly text: string }
  | { readonly type: "unread"; readonly path: RepoPath; readonly why: string };

async function searchAll(
  entries: readonly TreeEntry[],
  { objects, search, children }: Searching,
  signal: AbortSignal,
): Promise<SearchOutcome> {
  const found: FoundParts = { files: [], suppressed: new Map(), unread: [], unclean: [] };
  let failed: string | undefined;
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < entries.length && failed === undefined) {
      signal.throwIfAborted();
      const batch = entries.slice(next, next + batchFiles);
      next += batchFiles;
      const read = await Promise.all(batch.map((entry) => textOf(objects, entry)));
      const texts = read.flatMap((one) => (one.type === "text" ? [one] : []));
      found.unread.push(...read.flatMap((one) => (one.type === "unread" ? [one] : [])));
      failed ??= takeAnswers(texts, await search(texts), found);
    }
  };
  await Promise.all(Array.from({ length: children }, work));
  signal.throwIfAborted();
  if (failed !== undefined) return { type: "failed", message: failed };
  return {
    type: "found",
    found: {
      files: boundPlaces(found.files.sort(byPath)),
      suppressed: found.suppressed,
      unread: found.unread.map(({ path, why }) => ({ path, why })).sort(byPath),
      unclean: found.unclean.sort(),
    },
  };
}

interface FoundParts {
  readonly files: FoundFile[];
  readonly suppressed: Map<RepoPath, number>;
  readonly unread: { readonly path: RepoPath; readonly why: string }[];
  readonly unclean: RepoPath[];
}

/** Answers with why a text could not be searched, if one could not. */
function takeAnswers(
  texts: readonly { readonly path: RepoPath }[],
  answers: readonly TextSearched[],
  found: FoundParts,
): string | undefined {
  for (const [at, { path }] of texts.entries()) {
    const answer = answers[at];
    if (answer === undefined) return `${path}: it was not searched`;
    if (answer.state === "failed") return `${path}: ${answer.why}`;
    const { count, places, suppressed = 0, unclean } = answer;
    if (suppressed > 0) found.suppressed.set(path, suppressed);
    if (count > 0) found.files.push({ path, count, places });
    if (unclean === true) found.unclean.push(path);
  }
  return undefined;
}

async function textOf(objects: ObjectReader, { path, oid }: TreeEntry): Promise<Text> {
  const blob = await objects.readBlob(oid);
  if (blob.type === "missing") return { type: "unread", path, why: "is not in this clone" };
  if (blob.type === "too_large") return { type: "unread", path, why: "is larger than 5 MB" };
  const why = whyNoText(blob.bytes);
  if (why !== undefined) return { type: "unread", path, why };
  return { type: "text", path, text: splitMark(blob.bytes).text };
}

function whyNoText(bytes: Buffer): string | undefined {
  if (bytes.includes(0)) return "is binary";
  return isUtf8(bytes) ? undefined : "is not UTF-8";
}

function hasExtension(path: string, extensions: readonly string[] | undefined): boolean {
  return extensions?.includes(path.slice(path.lastIndexOf(".")).toLowerCase()) ?? true;
}

function byPath(one: { readonly path: string }, other: { readonly path: string }): number {
  return one.path < other.path ? -1 : one.path > other.path ? 1 : 0;
}
