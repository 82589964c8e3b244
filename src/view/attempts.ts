/** The history of every unit's attempts, told from the journal's lines: the state keeps only how each unit stands now. */
import type { CheckResult, JournalLine, RunEvent } from "../core/event.ts";
import type { RepoPath, Sha, UnitId } from "../core/id.ts";
import type { Reason } from "../core/worker.ts";

export interface AttemptStory {
  readonly unit: UnitId;
  readonly attempt: number;
  readonly base: Sha;
  readonly startedAt: number;
  readonly endedAt?: number;
  /** `accepted` is worked and not merged yet. */
  readonly end:
    | "running"
    | "accepted"
    /** It was spoken to after its end, and changed nothing. */
    | "answered"
    | "merged"
    | "refused"
    | "stopped"
    | "parked"
    | "interrupted";
  readonly reason?: Reason;
  readonly summary: string;
  readonly changed: readonly RepoPath[];
  readonly snapshot?: Sha;
  readonly left: readonly string[];
  /** What was checked on the merged tree of this attempt. */
  readonly checks: readonly CheckResult[];
}

/** In the order in which they began. */
export function attemptStories(lines: readonly JournalLine[]): readonly AttemptStory[] {
  const stories = new Map<string, AttemptStory>();
  let merging: string | undefined;
  for (const { at, event } of lines) {
    if (event.type === "merge-started") merging = keyOf(event);
    const key = keyOf(event) ?? (event.type === "check-finished" ? merging : undefined);
    if (key === undefined) continue;
    const next = nextStory(stories.get(key), event, at);
    if (next) stories.set(key, next);
  }
  return [...stories.values()];
}

function keyOf(event: RunEvent): string | undefined {
  if ("attempt" in event) return `${event.unit} ${event.attempt}`;
  if ("subject" in event && event.subject.type === "unit") {
    return `${event.subject.unit} ${event.subject.attempt}`;
  }
  return undefined;
}

function nextStory(
  story: AttemptStory | undefined,
  event: RunEvent,
  at: number,
): AttemptStory | undefined {
  if (event.type === "unit-started") {
    const { unit, attempt, base } = event;
    const empty = { summary: "", changed: [], left: [], checks: [] };
    return { unit, attempt, base, startedAt: at, end: "running", ...empty };
  }
  if (!story) return undefined;
  switch (event.type) {
    case "unit-finished":
      return finished(story, event, at);
    case "unit-interrupted":
      return { ...story, end: "interrupted", endedAt: at, ...leavings(event.leavings) };
    case "check-finished":
      return { ...story, checks: [...story.checks, event.result] };
    case "merge-finished":
      return merged(story, event.outcome);
    default:
      return undefined;
  }
}

function finished(
  story: AttemptStory,
  event: Extract<RunEvent, { type: "unit-finished" }>,
  at: number,
): AttemptStory {
  const { outcome } = event;
  const ended = { ...story, endedAt: at, ...leavings(event.leavings) };
  if (outcome.type === "stopped") {
    return { ...ended, end: "stopped", changed: outcome.changed ?? [] };
  }
  if (outcome.type === "parked") return { ...ended, end: "parked", summary: outcome.summary };
  if (outcome.type === "answered") return { ...ended, end: "answered", summary: outcome.summary };
  const { summary, changed } = outcome;
  if (outcome.type === "completed") return { ...ended, end: "accepted", summary, changed };
  return { ...ended, end: "refused", summary, changed, reason: outcome.reason };
}

function merged(
  story: AttemptStory,
  outcome: Extract<RunEvent, { type: "merge-finished" }>["outcome"],
): AttemptStory {
  if (outcome.type === "merged") return { ...story, end: "merged" };
  if (outcome.type === "check_failed") return { ...story, end: "refused", reason: outcome.reason };
  const { message, paths } = outcome;
  return { ...story, end: "refused", reason: { type: "conflict", message, paths } };
}

function leavings(from: { readonly snapshot?: Sha; readonly left?: readonly string[] }) {
  return {
    left: from.left ?? [],
    ...(from.snapshot === undefined ? {} : { snapshot: from.snapshot }),
  };
}
