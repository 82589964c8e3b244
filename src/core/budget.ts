/** Budgets: what an agent, a unit and a run may spend. Every call reserves before it is made and settles afterwards, in its own
 *  account and in every account above, so that what runs at once can never pass a limit together. */

import { invariant } from "./failure.ts";
import type { Budget } from "./plan.ts";
import { differenceOf, noSpend, type Spend, sumOf, tokensOf } from "./spend.ts";

export type AccountLevel = "agent" | "unit" | "run";

export interface AccountOptions {
  readonly level: AccountLevel;
  /** Whose it is, such as `run` or `operators/coder`. */
  readonly name: string;
  readonly limit: Budget;
  /** Share of a limit at which to warn, such as 0.8. */
  readonly warnAt: number;
  /** What was spent before, as the journal has it. */
  readonly spent?: Spend;
  readonly parent?: Account;
}

/** Which limit stood in the way. */
export interface Over {
  readonly type: "over";
  readonly level: AccountLevel;
  readonly name: string;
  readonly of: "tokens" | "usd";
  readonly limit: number;
  /** Of that, without what is only reserved. */
  readonly spent: number;
}

/** What is left is less than the least that one more call may take. */
export function overText({ level, name, of, limit, spent }: Over): string {
  const whose = { run: "the run", unit: `the unit ${name}`, agent: name }[level];
  const say = (amount: number) =>
    of === "usd" ? `$${amount.toFixed(4).replace(/00$/, "")}` : amount.toLocaleString("en-US");
  const unit = of === "usd" ? "" : " tokens";
  return `the budget of ${whose} is spent: ${say(spent)} of ${say(limit)}${unit}, and one more call may take more than the rest`;
}

export interface Reservation {
  readonly type: "reserved";
  /** Puts what was really spent in the place of what was reserved; answers with the accounts that passed their warning by it. */
  settle(spend: Spend): readonly Account[];
}

/** One level of the tree run → unit → agent → subagent. */
export class Account {
  readonly level: AccountLevel;
  readonly name: string;
  readonly limit: Budget;
  readonly #warnAt: number;
  readonly #parent: Account | undefined;
  #spent: Spend;
  #reserved: Spend = noSpend;
  /** Reservations that are not settled yet. */
  #open = 0;
  readonly #waiting: (() => void)[] = [];
  #warned: boolean;

  constructor({ level, name, limit, warnAt, spent = noSpend, parent }: AccountOptions) {
    this.level = level;
    this.name = name;
    this.limit = limit;
    this.#warnAt = warnAt;
    this.#parent = parent;
    this.#spent = spent;
    this.#warned = this.#isPastWarning();
  }

  get spent(): Spend {
    return this.#spent;
  }

  /** What may still be spent here and in every account above; absent where nothing bounds it. */
  left(): Budget {
    const above = this.#parent?.left() ?? {};
    return {
      ...least("tokens", above.tokens, leftOf(this.limit.tokens, tokensOf(this.#used()))),
      ...least("usd", above.usd, leftOf(this.limit.usd, this.#used().usd)),
    };
  }

  /** Whether this would fit if all that is reserved came back unspent. */
  couldFit(spend: Spend): boolean {
    const then = sumOf(this.#spent, spend);
    const { tokens, usd } = this.limit;
    if (tokens !== undefined && tokensOf(then) > tokens) return false;
    if (usd !== undefined && then.usd > usd) return false;
    return this.#parent === undefined || this.#parent.couldFit(spend);
  }

  /** Whether something is reserved here or in an account above. */
  get hasOpen(): boolean {
    return this.#open > 0 || this.#parent?.hasOpen === true;
  }

  /** Settles with the next reservation that does, here or in an account above. Only while `hasOpen`. */
  untilSettled(): Promise<void> {
    return new Promise((resolve) => this.#wait(resolve));
  }

  /** Takes `spend` from what is left, or says which limit it would pass. */
  reserve(spend: Spend): Reservation | Over {
    const over = this.#over(spend);
    if (over !== undefined) return over;
    this.#hold(spend);
    let open = true;
    return {
      type: "reserved",
      settle: (real) => {
        invariant(open, "a reservation is settled once");
        open = false;
        const warned = this.#settle(spend, real);
        this.#close();
        return warned;
      },
    };
  }

  /** Spend that nobody reserved: found after a crash. */
  add(spend: Spend): void {
    this.#settle(noSpend, spend);
  }

  /** An account below this one, with a limit of its own. */
  child(options: Pick<AccountOptions, "level" | "name" | "limit" | "spent">): Account {
    return new Account({ ...options, warnAt: this.#warnAt, parent: this });
  }

  #used(): Spend {
    return sumOf(this.#spent, this.#reserved);
  }

  #over(spend: Spend): Over | undefined {
    const then = sumOf(this.#used(), spend);
    const { level, name, limit } = this;
    if (limit.tokens !== undefined && tokensOf(then) > limit.tokens) {
      const spent = tokensOf(this.#spent);
      return { type: "over", level, name, of: "tokens", limit: limit.tokens, spent };
    }
    if (limit.usd !== undefined && then.usd > limit.usd) {
      return { type: "over", level, name, of: "usd", limit: limit.usd, spent: this.#spent.usd };
    }
    return this.#parent === undefined ? undefined : this.#parent.#over(spend);
  }

  #wait(wake: () => void): void {
    this.#waiting.push(wake);
    if (this.#parent !== undefined) this.#parent.#wait(wake);
  }

  #hold(spend: Spend): void {
    this.#open += 1;
    this.#reserved = sumOf(this.#reserved, spend);
    if (this.#parent !== undefined) this.#parent.#hold(spend);
  }

  #close(): void {
    this.#open -= 1;
    for (const wake of this.#waiting.splice(0)) wake();
    if (this.#parent !== undefined) this.#parent.#close();
  }

  #settle(held: Spend, real: Spend): readonly Account[] {
    this.#reserved = differenceOf(this.#reserved, held);
    this.#spent = sumOf(this.#spent, real);
    const above = this.#parent === undefined ? [] : this.#parent.#settle(held, real);
    if (this.#warned || !this.#isPastWarning()) return above;
    this.#warned = true;
    return [this, ...above];
  }

  #isPastWarning(): boolean {
    const { tokens, usd } = this.limit;
    const share = this.#warnAt;
    return (
      (tokens !== undefined && tokensOf(this.#spent) >= tokens * share) ||
      (usd !== undefined && this.#spent.usd >= usd * share)
    );
  }
}

/** The stricter of two budgets, limit by limit. */
export function stricter(a: Budget, b: Budget): Budget {
  return { ...least("tokens", a.tokens, b.tokens), ...least("usd", a.usd, b.usd) };
}

/** `share` of a budget, divided among `ways`. */
export function shareOf({ tokens, usd }: Budget, share: number, ways: number): Budget {
  return {
    ...(tokens === undefined ? {} : { tokens: Math.floor((tokens * share) / ways) }),
    ...(usd === undefined ? {} : { usd: (usd * share) / ways }),
  };
}

function leftOf(limit: number | undefined, used: number): number | undefined {
  return limit === undefined ? undefined : Math.max(0, limit - used);
}

function least<K extends "tokens" | "usd">(
  key: K,
  a: number | undefined,
  b: number | undefined,
): Partial<Record<K, number>> {
  const known = [a, b].filter((one) => one !== undefined);
  return known.length === 0 ? {} : ({ [key]: Math.min(...known) } as Partial<Record<K, number>>);
}
