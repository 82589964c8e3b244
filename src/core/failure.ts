/** How things go wrong: the outside failed (Failure), or we did (invariant, unreachable). */

/** The exit codes of the contract, by what went wrong. */
export const exitCodes = {
  unlanded: 1,
  usage: 2,
  repository: 3,
  permission: 4,
  budget: 5,
  provider: 6,
  environment: 7,
  busy: 8,
  bug: 70,
} as const;

export type FailureKind = keyof typeof exitCodes;

export interface FailureFacts {
  /** What to type or mend next, one line. */
  readonly advice: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** The outside failed, or the input was wrong: one line of what and why, and what to do next. */
export class Failure extends Error {
  readonly kind: FailureKind;
  /** A stable name for programs, such as `target_not_found`. */
  readonly code: string;
  readonly advice: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(kind: FailureKind, code: string, message: string, facts: FailureFacts) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = "Failure";
    this.kind = kind;
    this.code = code;
    this.advice = facts.advice;
    this.details = facts.details ?? {};
  }

  get exitCode(): number {
    return exitCodes[this.kind];
  }
}

/** A bug of ours: said with a stack, exit 70. */
export class Bug extends Error {
  override readonly name = "Bug";
}

export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Bug(message);
}

export function unreachable(value: never): never {
  throw new Bug(`unexpected value: ${JSON.stringify(value)}`);
}

/** What a caught value says of itself, in one line. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
