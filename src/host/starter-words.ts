/** What we and the process that starts programs for us say to each other. Plain data: it goes through a channel. */

/** Start this. */
export interface StartOrder {
  readonly id: number;
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Complete: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** What the program has as 0, 1, 2 …: absolute paths of what is opened for it, `null` for nothing. */
  readonly files: readonly (string | null)[];
}

/** That it is there, and what became of an order: the program began and, later, exited, or there is none. */
export type StarterNews =
  | { readonly type: "ready" }
  | {
      readonly type: "began";
      readonly id: number;
      readonly pid: number;
      /** As in ProcessRow. */
      readonly start: number;
    }
  | {
      readonly type: "failed";
      readonly id: number;
      /** Of the system, such as `ENOENT`. */
      readonly code: string | undefined;
      readonly message: string;
    }
  | {
      readonly type: "exited";
      readonly id: number;
      readonly exit: { readonly code: number | null; readonly signal: string | null };
    };
