/** What a codemod's parent and child say to each other: lines of JSON over the child's stdin and stdout (rules, and looking for
 *  matches), or a job file and a report file (modules). */
import type { FoundPlace, Match } from "../core/match.ts";

/** The first line to a child of rules; it answers with `Ready`. */
export interface RuleJob {
  readonly text: string;
  readonly file: string;
}

export interface Ready {
  readonly problems: readonly string[];
  /** Of the files that it looks at, with the dot, lower case; of a search, where not every file is looked at. */
  readonly extensions?: readonly string[];
}

/** The first line to a child that searches; it answers with `Ready`. */
export interface SearchJob {
  readonly match: Match;
}

/** Each further line to it: texts as git holds them, and it answers with one `TextSearched` a text, in order. */
export interface SearchBatch {
  readonly texts: readonly { readonly path: string; readonly text: string }[];
}

export type TextSearched =
  | {
      readonly state: "searched";
      readonly count: number;
      readonly places: readonly FoundPlace[];
      /** Places that the file's author keeps the rules off. */
      readonly suppressed?: number;
      readonly unclean?: true;
    }
  | { readonly state: "failed"; readonly why: string };

/** Each further line to a child of rules: it answers with one `FileDone` a file, in order. */
export interface Batch {
  readonly worktree: string;
  readonly files: readonly string[];
}

export type FileDone =
  | { readonly state: "changed" | "unchanged"; readonly unclean?: true }
  | { readonly state: "skipped"; readonly why: string }
  /** The file is as it was; `code` is the operating system's where it has one. */
  | { readonly state: "failed"; readonly why: string; readonly code?: string };

export interface ModuleJob extends Batch {
  /** Absolute path of the module. */
  readonly module: string;
  /** Where the child writes a `ModuleLine` before and after each file. */
  readonly report: string;
}

export type ModuleLine =
  | { readonly type: "begins"; readonly file: string }
  | { readonly type: "done"; readonly file: string; readonly done: FileDone }
  | { readonly type: "cannot_load"; readonly why: string }
  | { readonly type: "finished" };
