/** What a survey of a repository says: plain values about the files of one commit and how they hang together. The room `survey`
 *  makes them; whoever plans reads them. Nothing here depends on the disk, the clock or the order in which files were read. */
import type { RepoPath, Sha } from "./id.ts";

export interface Survey {
  readonly base: Sha;
  /** Everything that the commit holds, by path. */
  readonly files: readonly SurveyedFile[];
  /** By `from`, `to` and `kind`, in this order; each such three once, and never from a file to itself. */
  readonly imports: readonly ImportEdge[];
  /** By `files`; what changed together in the commits before the base. */
  readonly cochanges: readonly Cochange[];
  /** By path. */
  readonly hubs: readonly Hub[];
  /** What whoever plans should know of and no other value says, such as files that could not be parsed. */
  readonly notes: readonly SurveyNote[];
}

export interface SurveyedFile {
  readonly path: RepoPath;
  readonly kind: FileKind;
  /** 0 for a submodule, which is a commit of another repository. */
  readonly bytes: number;
  /** Absent where nobody here can read its imports: such a file is known by its folder and by co-change alone. */
  readonly language?: Language;
  /** Names that other files can import from it, sorted; what it passes on by `export *` is not listed: see `offeredBy`. */
  readonly offers: readonly string[];
  /** What it imports and no file at the base is: packages, modules of the language, sorted. */
  readonly outside: readonly string[];
}

/** `unparsable` is text in a known language of which no parser could make sense, so that its imports may be incomplete. */
export type FileKind =
  | "text"
  | "binary"
  | "symlink"
  | "submodule"
  /** Too large to be read: what is in it is unknown. */
  | "huge"
  | "not_utf8"
  | "unparsable";

export type Language = "typescript" | "javascript" | "python" | "go" | "rust" | "java";

/** `type` vanishes when the program runs; `re-export` passes names on; `dynamic` is loaded when it is needed. */
export type ImportKind = "static" | "type" | "re-export" | "dynamic" | "require";

export interface ImportEdge {
  readonly from: RepoPath;
  readonly to: RepoPath;
  readonly kind: ImportKind;
  /** What `from` uses of `to`, sorted; `*` for all of it, or where it cannot be told; empty where it is only run. */
  readonly names: readonly string[];
}

export interface Cochange {
  /** In path order. */
  readonly files: readonly [RepoPath, RepoPath];
  /** The number of commits that changed both. */
  readonly together: number;
  /** `together` over the commits that changed the one that changed less often: from 0 to 1. */
  readonly share: number;
}

/** A file that many units would want to change, or that no unit should. */
export interface Hub {
  readonly path: RepoPath;
  readonly reason: HubReason;
  /** Why, for a person, in a few words. */
  readonly why: string;
  /** What is done about it unless somebody says otherwise. */
  readonly policy: HubPolicy;
}

export type HubReason =
  | "lockfile"
  | "manifest"
  | "schema"
  | "changelog"
  | "generated"
  | "vendored"
  | "barrel"
  | "imported_by_many"
  | "imports_many";

/** A unit of its own before or after all others; made anew after the merge by its own command; changed by no unit. */
export type HubPolicy = "first" | "last" | "regenerate" | "refuse";

export interface SurveyNote {
  readonly about: NoteSubject;
  /** One line for a person: what it is and what follows from it. */
  readonly message: string;
  /** The files that it is about, sorted. */
  readonly paths: readonly RepoPath[];
}

export type NoteSubject =
  | Exclude<FileKind, "text">
  | "circle"
  /** Imports of files that are not there. */
  | "unresolved"
  /** A language whose parser is not installed, or that failed. */
  | "unread"
  | "history";

/** The languages whose imports are read, by the ending of the file's name. */
const languageByEnding: Readonly<Record<string, Language>> = {
  ts: "typescript",
  tsx: "typescript",
  mts: "typescript",
  cts: "typescript",
  js: "javascript",
  jsx: "javascript",
  mjs: "javascript",
  cjs: "javascript",
  py: "python",
  pyi: "python",
  go: "go",
  rs: "rust",
  java: "java",
};

export function languageOf(path: string): Language | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const dot = name.lastIndexOf(".");
  const ending = name.slice(dot + 1);
  return dot > 0 && Object.hasOwn(languageByEnding, ending) ? languageByEnding[ending] : undefined;
}
