/** What is needed to drive any run of a repository. */
import type { Repository } from "../git/repository.ts";
import type { Eyes } from "./doors.ts";

export interface Driver {
  readonly repository: Repository;
  readonly stateHome: string;
  readonly eyes: Eyes;
  /** How many worktrees may be filled at once. */
  readonly checkoutLane: <T>(work: () => Promise<T>) => Promise<T>;
  /** Ends the process; asked for by a second Ctrl-C. */
  readonly quit: (exitCode: number) => void;
}
