/** Who is at work: the identity of an agent travels with everything that it awaits, so that a log line, a request or a failure
 *  can say whose it is. It decides nothing. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { AgentId, InvocationKind } from "../core/desk.ts";

export interface AgentIdentity {
  readonly agentId: AgentId;
  /** The session of the agent that started it: `run/unit/attempt/agent`. Absent for an agent of the unit itself. */
  readonly parentSessionId?: string;
  readonly agentType: "main" | "subagent";
  /** Its role. */
  readonly subagentName: string;
  /** The turn of the parent in which it was called: `session#turn`. */
  readonly invokingRequestId?: string;
  readonly invocationKind: InvocationKind;
}

const identities = new AsyncLocalStorage<AgentIdentity>();

/** The agent on whose behalf the caller runs; undefined outside of any. */
export function currentAgent(): AgentIdentity | undefined {
  return identities.getStore();
}

export function runAs<T>(identity: AgentIdentity, work: () => T): T {
  return identities.run(identity, work);
}

/** `parent` is absent for an agent of the unit itself. */
export function identityOf(
  agentId: AgentId,
  parent: { readonly session: string } | undefined,
  about: {
    readonly role: string;
    readonly kind: InvocationKind;
    readonly invokedBy?: string | undefined;
  },
): AgentIdentity {
  const { role, kind, invokedBy } = about;
  return {
    agentId,
    ...(parent === undefined ? {} : { parentSessionId: parent.session }),
    ...(invokedBy === undefined ? {} : { invokingRequestId: invokedBy }),
    agentType: parent === undefined ? "main" : "subagent",
    subagentName: role,
    invocationKind: kind,
  };
}
