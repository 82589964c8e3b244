/** What a codemod's parent and child say to each other: lines of JSON over the child's stdin and stdout (rules), or a job
 *  file and a report file (modules). */

/** The first line to a child of rules; it answers with `Ready`. */
export interface RuleJob {
  readonly text: string;
  readonly file: string;
}

export interface Ready {
  readonly problems: readonly string[];
}

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
