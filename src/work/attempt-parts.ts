/** What one attempt is made of, handed in by whoever runs it. */
import type { Redact } from "../agent/redaction.ts";
import type { Desk } from "../core/desk.ts";
import type { Cut } from "../core/event.ts";
import type { Ownership } from "../core/ownership.ts";
import type { Unit } from "../core/plan.ts";
import type { Settings } from "../core/settings.ts";
import type { Assignment, Place, Worker } from "../core/worker.ts";
import type { Identity } from "../git/commit.ts";
import type { SlotPool } from "../git/worktree.ts";
import type { Sandbox } from "../host/sandbox.ts";

export interface AttemptParts {
  readonly pool: SlotPool;
  readonly slotNumber: number;
  readonly settings: Settings;
  readonly unit: Unit;
  readonly assignment: Assignment;
  readonly ownership: Ownership;
  readonly isProtected: (path: string) => boolean;
  readonly worker: Worker;
  readonly author: Identity;
  readonly sandbox: ((place: Place) => Sandbox) | undefined;
  /** Put over all that is kept of what set-up and checks print. */
  readonly redact: Redact | undefined;
  /** Absolute path of the run's folder, and of this attempt's records in it, relative. */
  readonly runRoot: string;
  readonly record: string;
  readonly exchange: string;
  readonly desk: Desk;
  /** What this attempt goes on from. */
  readonly cut?: Cut | undefined;
  /** Where its unit stood when it was spoken to after its end. */
  readonly reopened?: Cut | undefined;
  /** One of several at the same time: whose commit becomes the unit's branch is decided later. */
  readonly isApproach: boolean;
  /** What keeps our git from running the filters of others: see `filterGuard`. */
  readonly filterConfig: readonly string[];
  /** Whether git takes files as they lie on the disk: see `takesContentPlainly`. */
  readonly plainContent: boolean;
  /** How many worktrees may be filled at once. */
  readonly checkoutLane: <T>(work: () => Promise<T>) => Promise<T>;
}
