/** An agent that is cut off anywhere goes on from its transcript: what was answered is not asked again, and what may have
 *  changed something is not done again. */
import { readdirSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { readTranscript, transcriptSpend } from "../../src/agent/transcript.ts";
import { Failure } from "../../src/core/failure.ts";
import { type AgentScene, sceneIn } from "../support/agent-scene.ts";
import { answersIn, byAgent, type Turn } from "../support/scripted-model.ts";
import { makePlainPlace, type PlainPlace } from "../support/work-place.ts";

const note = (key: string): readonly [string, object] => ["context_write", { key, value: 1 }];

const turns: Readonly<Record<string, readonly Turn[]>> = {
  coder: [
    { calls: [["read", { path: "a.txt" }], note("first")] },
    {
      calls: [
        ["task", { description: "One." }],
        ["task", { description: "Two.", background: true }],
      ],
    },
    { calls: [["edit", { path: "a.txt", edits: [{ old: "one", new: "two" }] }], note("last")] },
  ],
  "coder.1": [{ calls: [note("below"), ["read", { path: "a.txt" }]] }, { text: "below done" }],
  "coder.2": [{ calls: [note("beside")] }, { text: "beside done" }],
};

/** A clock that is asked before each line, and at the `last` one takes the machine down. */
function clockUntil(last: number): { now: () => number; lines: () => number } {
  let lines = 0;
  return {
    lines: () => lines,
    now: () => {
      lines += 1;
      if (lines > last) {
        throw new Failure("environment", "disk_full", "no space", { advice: "free some" });
      }
      return lines;
    },
  };
}

async function answeredIn(place: PlainPlace): Promise<ReadonlySet<string>> {
  const answered = new Set<string>();
  const folder = path.join(place.record, "agents");
  for (const name of readdirSync(folder)) {
    const { lines } = await readTranscript(path.join(folder, name));
    const count = lines.filter(({ type }) => type === "answered").length;
    const agent = name.replace(/\.jsonl$/, "");
    for (let at = 0; at < count; at += 1) answered.add(`${agent} ${at}`);
  }
  return answered;
}

function notesOf({ desk }: AgentScene): readonly string[] {
  return desk.events.flatMap((event) => (event.type === "context-written" ? [event.key] : []));
}

function askedOf({ model }: AgentScene): readonly string[] {
  return model.asked.map(({ agent, request }) => `${agent} ${answersIn(request)}`);
}

async function cutAndContinued(at: number): Promise<{ readonly isWhole: boolean }> {
  const place = makePlainPlace({ "a.txt": "one\n" });
  try {
    const clock = clockUntil(at);
    const first = await sceneIn(place, byAgent(turns), { worker: { now: clock.now } });
    const outcome = await first.work().catch((error: unknown) => error);
    if (!(outcome instanceof Failure)) return { isWhole: true };
    const answered = await answeredIn(place);
    const second = await sceneIn(place, byAgent(turns));
    expect(await second.work()).toEqual({
      ...{ type: "done", summary: "coder is done", artifacts: [] },
    });
    expect(askedOf(second).filter((asked) => answered.has(asked))).toEqual([]);
    const notes = [...notesOf(first), ...notesOf(second)];
    expect(new Set(notes).size).toBe(notes.length);
    expect(first.roster.working).toBe(0);
    expect(second.roster.working).toBe(0);
    const spent = await transcriptSpend(path.join(place.record, "agents"));
    const agents = second.desk.state().units[0]?.agents ?? [];
    const told = agents.reduce((sum, { spend }) => sum + spend.inputTokens, 0);
    expect(spent.inputTokens).toBeGreaterThanOrEqual(told);
    return { isWhole: false };
  } finally {
    place.remove();
  }
}

test("cut off at every line, it ends as if it had not been", async () => {
  let at = 1;
  while (!(await cutAndContinued(at)).isWhole) at += 1;
  expect(at).toBeGreaterThan(30);
});
