/** What the real hands are made of: plain facts of the run, and the doors to what is outside. */

import type { PartResult } from "../core/aggregate.ts";
import type { Account } from "../core/budget.ts";
import type { Activity } from "../core/desk.ts";
import type { RepoPath, UnitId } from "../core/id.ts";
import type { RunState } from "../core/run.ts";
import type { Spend } from "../core/spend.ts";
import type { Judge, Worker } from "../core/worker.ts";
import type { Identity } from "../git/commit.ts";
import type { SlotPool } from "../git/worktree.ts";
import type { Mark } from "../host/process-tree.ts";
import type { Sandbox } from "../host/sandbox.ts";
import type { RunFolder } from "./folder.ts";
import type { LiveOwnership } from "./live-ownership.ts";
import type { Mailbox } from "./mailbox.ts";

export interface Summed {
  readonly text: string;
  readonly spend: Spend;
}

export interface HandsParts {
  readonly pool: SlotPool;
  readonly folder: RunFolder;
  readonly author: Identity;
  readonly ownership: LiveOwnership;
  /** The files at the plan's base that each unit owns: only the unit itself ever changes them. */
  readonly files: ReadonlyMap<UnitId, readonly RepoPath[]>;
  readonly workers: ReadonlyMap<string, Worker>;
  /** Chooses where a unit was worked on in several ways; the first one is taken where there is no judge. */
  readonly judge?: Judge | undefined;
  /** Sums up what the units came to; absent where there is no model. Undefined where no answer could be had. */
  readonly summarise?:
    | ((
        results: readonly PartResult[],
        account: Account,
        signal: AbortSignal,
      ) => Promise<Summed | undefined>)
    | undefined;
  readonly sandbox: ((writable: readonly string[]) => Sandbox) | undefined;
  /** Takes keys out of what set-up and checks print; absent where there are none. */
  readonly redact: ((text: string) => string) | undefined;
  /** What keeps our git from running the filters of others. */
  readonly filterConfig: readonly string[];
  /** Whether git takes files here as they lie on the disk. */
  readonly plainContent: boolean;
  /** How many worktrees may be filled at once. */
  readonly checkoutLane: <T>(work: () => Promise<T>) => Promise<T>;
  readonly report: (activity: Activity) => void;
  /** Where the requests of workers go. */
  readonly mailbox: Mailbox;
  /** A person can answer while the run goes on. */
  readonly answerable: boolean;
  /** The state that this runner began with: what it says was begun was begun by another. */
  readonly inherited: RunState;
  readonly mark: Mark;
}
