/** Keys of providers stay out of what is kept: what an agent says, asks, shares or ends with goes through here on its way to the
 *  journal and to people. What its tools do is not altered. */
import type { Desk } from "../core/desk.ts";

/** Stands in the place of a key. */
export const keyRedacted = "[key]";

export type Redact = (text: string) => string;

/** The same value with every text in it redacted. */
export function redacted<T>(value: T, redact: Redact): T;
export function redacted(value: unknown, redact: Redact): unknown {
  if (typeof value === "string") return redact(value);
  if (Array.isArray(value)) return value.map((each: unknown) => redacted(each, redact));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, redacted<unknown>(each, redact)]),
  );
}

/** A desk that hears nothing of keys. */
export function redactedDesk(desk: Desk, redact: Redact): Desk {
  return {
    ...desk,
    report: (activity) => desk.report(redacted(activity, redact)),
    tell: (fact) => desk.tell(redacted(fact, redact)),
    claim: (agent, paths) => desk.claim(agent, redacted(paths, redact)),
    ask: (question, signal) => desk.ask(redacted(question, redact), signal),
    send: (agent, to, text) => desk.send(agent, to, redact(text)),
    writeContext: (agent, key, value) =>
      desk.writeContext(agent, redact(key), redacted(value, redact)),
  };
}
