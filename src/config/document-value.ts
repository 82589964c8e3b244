/** What a text document is read to, and how its objects are made. */
import type { Json } from "../core/plan.ts";
import { fieldOf, type Problem } from "../core/problem.ts";

export type ReadDocument =
  | { readonly type: "value"; readonly value: Json }
  | { readonly type: "wrong"; readonly problems: readonly Problem[] };

export const nestingMax = 100;

export function wrong(message: string, field: readonly PropertyKey[] = []): ReadDocument {
  return { type: "wrong", problems: [{ field: fieldOf(field), message }] };
}

/** Collects the entries of one object, refusing a key that is there already. */
export function objectOf(
  entries: Iterable<readonly [key: string, value: Json]>,
  onTwice: (key: string) => void,
): Json {
  const made: Record<string, Json> = {};
  for (const [key, value] of entries) {
    if (Object.hasOwn(made, key)) onTwice(key);
    // An assignment would set the prototype where the key is `__proto__`.
    Object.defineProperty(made, key, {
      value,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return made;
}
