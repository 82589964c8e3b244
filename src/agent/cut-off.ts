/** Which calls of tools may have been under way when an agent was cut off. A change waits for every call before it, so that one
 *  behind a call without a result never began, unless that call only waits for a person. */
import type { ToolCall } from "../core/model.ts";
import type { PendingCall } from "./conversation.ts";
import { keyRedacted } from "./redaction.ts";

export function cutOffCalls(calls: readonly PendingCall[]): ReadonlySet<ToolCall> {
  const open = calls.findIndex(({ result, waiting }) => !result && !waiting);
  const maybe = calls.filter(
    ({ call, result }, index) =>
      // What a key was taken out of is not the call that was meant.
      !result && (open < 0 || index <= open || call.text.includes(keyRedacted)),
  );
  return new Set(maybe.map(({ call }) => call));
}
