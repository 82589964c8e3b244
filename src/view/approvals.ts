/** What people are asked, and what the agents of a run share: said in the status and in the documents. */
import type { RunState } from "../core/run.ts";
import { oneLine } from "../core/text.ts";

export interface ApprovalDocument {
  readonly id: string;
  readonly unit: string;
  /** Null where the unit itself asks whether it may start. */
  readonly agent: string | null;
  readonly kind: "unit" | "agent" | "tool" | "question";
  /** What is asked, whole. */
  readonly content: string;
  readonly answer: "approved" | "denied" | null;
}

export interface OpenApproval {
  readonly id: string;
  /** A unit, or `unit/agent`. */
  readonly who: string;
  /** One line. */
  readonly what: string;
}

/** What waits for an answer now, the oldest first. */
export function openApprovals({ approvals, units, plan }: RunState): readonly OpenApproval[] {
  const ended = new Set(
    units.flatMap(({ id, at }) =>
      ["merged", "failed", "cancelled", "timed_out"].includes(at.phase) ? [id] : [],
    ),
  );
  return approvals.flatMap(({ id, unit, question, answer }): OpenApproval[] => {
    if (answer !== undefined || ended.has(unit)) return [];
    if (question === undefined) {
      const title = plan.units.find((one) => one.id === unit)?.title ?? "";
      return [
        { id, who: unit, what: oneLine(`wants to begin${title === "" ? "" : ` (${title})`}`) },
      ];
    }
    const { agent, kind, content } = question;
    const verb = { agent: "wants to begin", tool: "wants to use", question: "asks" }[kind];
    return [{ id, who: `${unit}/${agent}`, what: oneLine(`${verb}: ${content}`) }];
  });
}

export function approvalDocuments({ approvals, plan }: RunState): readonly ApprovalDocument[] {
  return approvals.map(({ id, unit, question, answer }) => ({
    id,
    unit,
    agent: question?.agent ?? null,
    kind: question?.kind ?? "unit",
    content: question?.content ?? plan.units.find((one) => one.id === unit)?.instructions ?? "",
    answer: answer ?? null,
  }));
}

/** A line a key, in the order of the keys. */
export function contextLines({ context }: RunState): readonly string[] {
  const keys = Object.keys(context).sort();
  return keys.flatMap((key) => {
    const entry = context[key];
    return entry === undefined
      ? []
      : [oneLine(`${key} = ${JSON.stringify(entry.value)}  (${entry.by})`)];
  });
}
