/** Builds journals and the states they fold to, by saying what happened. */
import type { JournalLine, Refusal, RunEvent, RunOutcome } from "../../src/core/event.ts";
import type { Glob, RefName, RepoPath, RunId, Sha, UnitId } from "../../src/core/id.ts";
import type { Check, Completion, Plan, Unit } from "../../src/core/plan.ts";
import { foldRun } from "../../src/core/reduce.ts";
import type { RunState } from "../../src/core/run.ts";
import type { Settings } from "../../src/core/settings.ts";
import type { Reason } from "../../src/core/worker.ts";

export const runId = "20261120-1430-k3f9" as RunId;
export const startedAt = Date.UTC(2026, 10, 20, 14, 30);
export const target = "refs/heads/main" as RefName;

export function sha(number: number): Sha {
  return number.toString(16).padStart(40, "0") as Sha;
}

export const base = sha(0xba5e);

export function unit(
  id: string,
  more: Partial<Omit<Unit, "id" | "after">> & { after?: string[] } = {},
): Unit {
  return {
    id: id as UnitId,
    title: `The ${id}`,
    instructions: `Do ${id}.`,
    owns: [`src/${id}/**` as Glob],
    checks: [],
    ...more,
    after: (more.after ?? []) as UnitId[],
  };
}

export function check(name: string): Check {
  return { name, run: "true", timeoutMs: 60_000 };
}

export const settings: Settings = {
  target,
  worker: "command",
  workers: { command: { type: "command", command: "true" } },
  checks: [],
  unitChecks: [],
  setup: { copy: [], clone: [], run: [] },
  limits: {
    concurrency: 4,
    units: 2000,
    attempts: 2,
    agentTimeoutMs: 900_000,
    unitTimeoutMs: 900_000,
    runTimeoutMs: 7_200_000,
    checks: 1,
    agents: 8,
    agentsPerParent: 5,
    agentsPerRun: 50,
    depth: 3,
    turns: 30,
    rounds: 2,
  },
  budget: { agent: {}, unit: {}, run: {}, warnAt: 0.8 },
  approval: "auto",
  roles: [],
  yes: false,
  policy: [],
  shell: { network: false, timeoutMs: 120_000, caches: [] },
  protected: [],
  checkout: "auto",
  land: "auto",
  sandbox: "auto",
  keep: false,
};

export interface RunFacts {
  readonly units: readonly Unit[];
  readonly goal?: string;
  readonly doneWhen?: readonly Completion[];
  readonly settings?: Partial<Settings>;
}

export type Story = ReturnType<typeof startRun>;

/** A run that has just begun; every call below is what happens next, one second later. */
export function startRun(facts: RunFacts) {
  const plan: Plan = {
    goal: facts.goal ?? "Make it better",
    base,
    units: facts.units,
    doneWhen: facts.doneWhen ?? [],
  };
  const lines: JournalLine[] = [];
  let shas = 0x100;
  let integration = base;
  const attempts = new Map<string, number>();
  const happened = (...events: readonly RunEvent[]) => {
    for (const event of events) {
      lines.push({ v: 1, seq: lines.length, at: startedAt + lines.length * 1000, event });
    }
  };
  const attemptOf = (id: string) => attempts.get(id) ?? 0;
  const who = (id: string) => ({ unit: id as UnitId, attempt: attemptOf(id) });
  happened({
    type: "run-started",
    run: runId,
    version: "0.1.0",
    plan,
    settings: { ...settings, ...facts.settings },
    runner: { pid: 1, startTime: "1", boot: "boot" },
  });
  const story = {
    happened(...events: readonly RunEvent[]) {
      happened(...events);
      return story;
    },
    start(id: string) {
      attempts.set(id, attemptOf(id) + 1);
      happened({ type: "unit-started", ...who(id), base: integration, slot: attempts.size });
      return story;
    },
    accept(id: string, changed: readonly string[] = [`src/${id}/a.ts`], summary = "did it") {
      const outcome = {
        type: "completed",
        head: sha(++shas),
        changed: changed as RepoPath[],
        summary,
        artifacts: [],
      } as const;
      happened({ type: "unit-finished", ...who(id), outcome, leavings: { snapshot: sha(++shas) } });
      return story;
    },
    refuse(id: string, reason: Partial<Reason> = {}) {
      const outcome = {
        type: "refused",
        reason: { type: "no_change", message: "nothing was changed", paths: [], ...reason },
        changed: [],
        summary: "tried",
      } as const;
      happened({ type: "unit-finished", ...who(id), outcome, leavings: { snapshot: sha(++shas) } });
      return story;
    },
    /** To its end: the candidate becomes the tip. */
    merge(id: string) {
      const subject = { type: "unit", ...who(id) } as const;
      const head = headOf(story.state(), id);
      const commit = sha(++shas);
      happened(
        { type: "merge-started", subject, onto: integration, head },
        { type: "candidate-made", subject, commit, tree: sha(++shas) },
        { type: "merge-finished", subject, outcome: { type: "merged", commit } },
      );
      integration = commit;
      return story;
    },
    conflict(id: string, paths: readonly string[]) {
      const subject = { type: "unit", ...who(id) } as const;
      const head = headOf(story.state(), id);
      const outcome = {
        type: "conflict",
        paths: paths as RepoPath[],
        message: "both changed it",
      } as const;
      happened(
        { type: "merge-started", subject, onto: integration, head },
        { type: "merge-finished", subject, outcome },
      );
      return story;
    },
    complete(...ids: string[]) {
      for (const id of ids) story.start(id).accept(id).merge(id);
      return story;
    },
    /** One completion check on the result. */
    verify(name: string, passed: boolean) {
      const result = { name, passed, seconds: 2, ...(passed ? {} : { message: "exit code 1" }) };
      happened(
        { type: "check-started", commit: integration, name },
        { type: "check-finished", commit: integration, result },
      );
      return story;
    },
    /** A rule of doneWhen finds something in these files of the result. */
    find(name: string, ...paths: readonly string[]) {
      const left = paths.map((path) => ({
        path: path as RepoPath,
        count: 1,
        places: [{ line: 3, text: "var x" }],
      }));
      const result = { name, passed: left.length === 0, seconds: 1, left };
      happened(
        { type: "check-started", commit: integration, name },
        { type: "check-finished", commit: integration, result },
      );
      return story;
    },
    finish(outcome: RunOutcome) {
      happened({ type: "run-finished", outcome });
      return story;
    },
    land() {
      const move = { target, old: base, new: integration };
      happened({ type: "land-started", ...move }, { type: "landed", ...move });
      return story;
    },
    refuseLanding(
      message: string,
      paths: readonly string[],
      type: Refusal["type"] = "local_edits",
    ) {
      happened({ type: "land-refused", refusal: { type, message, paths } });
      return story;
    },
    refuseUndo(message: string, type: Refusal["type"]) {
      const move = { target, old: base, new: integration };
      const refusal = { type, message, paths: [] };
      happened({ type: "undo-asked" }, { type: "undo-started", ...move });
      happened({ type: "undo-refused", refusal });
      return story;
    },
    undo() {
      const move = { target, old: base, new: integration };
      happened({ type: "undo-asked" }, { type: "undo-started", ...move });
      happened({ type: "undone", ...move });
      return story;
    },
    clean(removed: readonly string[], kept: readonly string[]) {
      happened({ type: "cleaned", removed, kept });
      return story;
    },
    lines: (): readonly JournalLine[] => lines,
    state(): RunState {
      const state = foldRun(lines);
      if (!state) throw new Error("a story begins with its first line");
      return state;
    },
  };
  return story;
}

function headOf(state: RunState, id: string): Sha {
  const at = state.units.find((one) => one.id === id)?.at;
  if (at?.phase !== "completed") throw new Error(`${id} is not completed`);
  return at.head;
}

/** Text that would deceive a terminal, a reader or Markdown, were it shown as it is. */
export const hostileTexts: readonly string[] = [
  "\x1b[2J\x1b[H gone",
  "\x1b]0;title\x07",
  "\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\",
  "\x9b31mred",
  "over\rwritten",
  "line\nbreak",
  "back\b\b\bspace",
  "right\u202eto\u202cleft",
  "\u2066isolated\u2069",
  "zero\u200bwidth\u200djoined\ufeff",
  "sep\u2028ara\u2029tor",
  "tag\u{e0041}\u{e007f}",
  "lone \ud800 surrogate",
  "nul\0 and del\x7f",
  "\u3164blank\u115f",
  "a | b `c` **d** <script>alert(1)</script> [x](http://evil) ![y](z) # h",
  "```\nfence\n```",
  "--flag $(id) `id` ; rm -rf /",
];
