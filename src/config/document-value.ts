/** What a text document is read to, and how its objects are made. */
import type { Json } from "../core/plan.ts";
import { fieldOf, type Problem } from "../core/problem.ts";

export type ReadDocument =
  | { readonly type: "value"; readonly value: Json }
  | {
      readonly type: "wrong";
      readonly problems: readonly Problem[];
      /** What could be read nevertheless, with null where nothing could: for finding what else is wrong with it. */
      readonly draft?: Json;
    };

/** Of two values for a key the last is read; what is wrong with that may be told as well. */
export function givenTwice(path: readonly PropertyKey[]): Problem {
  return { field: fieldOf(path), message: givenTwiceMessage };
}

const givenTwiceMessage = "this key is given twice";

/** Those of the further problems that are not a consequence of the first ones. */
export function withFurther(
  first: readonly Problem[],
  further: readonly Problem[],
): readonly Problem[] {
  const told = new Set(
    first.filter(({ message }) => message !== givenTwiceMessage).map(({ field }) => field),
  );
  return [...first, ...further.filter(({ field }) => !isTold(field, told))];
}

/** Whether something was said of the field, or of what it lies in. */
function isTold(field: string, told: ReadonlySet<string>): boolean {
  let within = field;
  while (within !== "") {
    if (told.has(within)) return true;
    within = within.slice(0, Math.max(within.lastIndexOf("."), within.lastIndexOf("["), 0));
  }
  return false;
}

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
