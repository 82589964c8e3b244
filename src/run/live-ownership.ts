/** Who owns what by the plan as it is now: a round adds units, and hands paths over to them. */
import type { RepoPath, UnitId } from "../core/id.ts";
import { type Ownership, ownershipOfUnits } from "../core/ownership.ts";
import type { Plan } from "../core/plan.ts";

export class LiveOwnership implements Ownership {
  #now: Ownership;

  constructor(plan: Pick<Plan, "units">) {
    this.#now = ownershipOfUnits(plan.units);
    this.owners = this.owners.bind(this);
    this.ownerOf = this.ownerOf.bind(this);
    this.strays = this.strays.bind(this);
  }

  see(plan: Pick<Plan, "units">): void {
    this.#now = ownershipOfUnits(plan.units);
  }

  owners(path: string): readonly UnitId[] {
    return this.#now.owners(path);
  }

  ownerOf(path: string): UnitId | undefined {
    return this.#now.ownerOf(path);
  }

  strays(unit: UnitId, changed: readonly RepoPath[]): readonly RepoPath[] {
    return this.#now.strays(unit, changed);
  }
}
