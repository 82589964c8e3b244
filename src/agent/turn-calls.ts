/** The tool calls of one turn: what only reads runs at once, what starts agents runs at once, what changes runs one after the
 *  other, and nothing overtakes a change. It must never make a call twice that may have changed something. */
import type { Json } from "../core/plan.ts";
import { LoopTurns } from "../host/loop-turns.ts";
import type { AgentAtWork } from "./agent-door.ts";
import { repeatsMax, repeatsWarned } from "./agent-limits.ts";
import type { PendingCall } from "./conversation.ts";
import type { CallPlace, Effect, ToolResult } from "./tool.ts";
import {
  contentOf,
  hasChanged,
  type ReadCall,
  readCall,
  refusalOf,
  sameness,
  shownResult,
} from "./tool-call.ts";
import type { AgentEnd, FilesRead } from "./transcript-line.ts";

const cutOffText =
  "cut off by a restart: it may or may not have taken effect; look before you call it again";

type ReadyCall = Extract<ReadCall, { type: "ready" }>;

interface DueCall {
  readonly index: number;
  readonly pending: PendingCall;
  readonly read: ReadCall;
}

/** Of agents that come to their calls at the same time: each begins with work that nothing else can be done beside. */
const begins = new LoopTurns(4);

/** Makes every call of the last turn that has no result. An end only where the agent cannot take another turn. */
export async function makeCalls(agent: AgentAtWork): Promise<AgentEnd | undefined> {
  await begins.take();
  const end = await makeDue(agent);
  // Results are durable with the question that they go into; where there is none, now.
  if (agent.conversation.stage !== "ask") await agent.recorded();
  return end;
}

async function makeDue(agent: AgentAtWork): Promise<AgentEnd | undefined> {
  const { turns, calls } = agent.conversation;
  const due = calls.flatMap((pending, index): readonly DueCall[] => {
    if (pending.result !== undefined) return [];
    return [{ index, pending, read: readCall(agent.toolMap, pending.call) }];
  });
  for (const part of partsOf(due)) {
    const ways = part.filter((call) => effectOf(call) === "starts").length;
    const make = (call: DueCall) => makeCall(agent, call, { turn: turns, index: call.index, ways });
    const readers = part.filter((call) => effectOf(call) === "reads");
    await Promise.all(readers.map(make));
    const starters = part.filter((call) => effectOf(call) === "starts");
    if (starters.length > 0) await agent.away(() => Promise.all(starters.map(make)));
    for (const call of part) if (effectOf(call) === "changes") await make(call);
    if (agent.lifetime.aborted) return { type: "stopped" };
  }
  // A call without a result waits for a person.
  const { stage, said } = agent.conversation;
  return stage === "calls" ? { type: "parked", summary: said } : undefined;
}

/** Calls in the order of the model, in parts: a change is one for itself. */
function partsOf(due: readonly DueCall[]): readonly (readonly DueCall[])[] {
  const parts: DueCall[][] = [];
  let open: DueCall[] | undefined;
  for (const call of due) {
    if (effectOf(call) === "changes") {
      parts.push([call]);
      open = undefined;
    } else if (open === undefined) {
      open = [call];
      parts.push(open);
    } else open.push(call);
  }
  return parts;
}

/** A call that cannot be made has no effect but its answer. */
function effectOf({ read }: DueCall): Effect {
  return read.type === "bad" ? "reads" : read.effect;
}

async function makeCall(agent: AgentAtWork, due: DueCall, at: CallPlace): Promise<void> {
  const { pending, read } = due;
  if (agent.lifetime.aborted) return;
  if (read.type === "bad") return keep(agent, due, { type: "failed", text: read.text }, true);
  const waited = pending.waiting !== undefined && !pending.waiting.cleared;
  if (
    agent.cutOff.has(pending.call) &&
    read.effect === "changes" &&
    !(waited && !pending.waiting?.altered)
  ) {
    return keep(agent, due, { type: "failed", text: cutOffText });
  }
  const refusal = await permission(agent, due, read);
  if (refusal === "parked" || agent.lifetime.aborted) return;
  if (refusal !== undefined) return keep(agent, due, { type: "failed", text: refusal });
  // After a restart a call that follows one without a result must not have begun.
  if (read.effect === "changes" && due.index > 0) await agent.recorded();
  const result = await read.tool.call(read.given, agent.lifetime, at);
  // What was stopped on its way has no result that may be believed; it is cut off, as by a restart.
  if (agent.lifetime.aborted && (result.type === "failed" || result.type === "parked")) return;
  if (result.type === "parked") return keepWaiting(agent, due);
  keep(agent, due, result);
}

/** Why the call may not be made; undefined where it may. */
async function permission(
  agent: AgentAtWork,
  { index, pending }: DueCall,
  { tool, given }: ReadyCall,
): Promise<string | "parked" | undefined> {
  const { around, role } = agent;
  const ruling = around.decide({ role, tool: tool.name, given });
  if (ruling.decision === "deny") return refusalOf(tool.name, ruling);
  if (ruling.decision === "allow") return undefined;
  const altered = around.redact(pending.call.text) !== pending.call.text;
  if (pending.waiting === undefined) await agent.record({ type: "waiting", index, altered });
  const question = { agent: agent.id, kind: "tool", content: contentOf(pending.call) } as const;
  const answer = await agent.away(() => around.desk.ask(question, agent.lifetime));
  if (answer.type === "nobody") return "parked";
  if (answer.type === "denied") {
    const why = answer.text === undefined || answer.text === "" ? "" : `: ${answer.text}`;
    return `a person has denied this call${why}. Go on without it.`;
  }
  await agent.record({ type: "cleared", index });
  return undefined;
}

/** The calls after it may begin all the same: after a restart it must not seem that they have not. */
async function keepWaiting(agent: AgentAtWork, { index, pending }: DueCall): Promise<void> {
  if (pending.waiting !== undefined) return;
  await agent.record({ type: "waiting", index, altered: false });
}

function keep(
  agent: AgentAtWork,
  { index, pending, read }: DueCall,
  result: Exclude<ToolResult, { type: "parked" }>,
  strike = false,
): void {
  const { call } = pending;
  const shown = result.type === "finished" ? "Noted." : shownResult(call.name, result);
  const same = sameness(call, shown);
  const count = (agent.conversation.repeats.get(same) ?? 0) + 1;
  const warning =
    !strike && count >= repeatsWarned && count < repeatsMax
      ? `\n\n(You have made this very call ${count} times with this very result. At ${repeatsMax} you are ended: do something else.)`
      : "";
  const files = filesLearnt(agent);
  agent.recordSoon({
    type: "result",
    index,
    text: shown + warning,
    failed: result.type === "failed",
    strike,
    same,
    changed: read.type === "ready" && hasChanged(read.tool, result),
    ...(result.type === "finished" ? { finished: { data: result.data as Json } } : {}),
    ...(Object.keys(files).length === 0 ? {} : { files }),
  });
}

/** What it knows of files by now that its transcript does not say. */
function filesLearnt({ files, conversation }: AgentAtWork): FilesRead {
  const now = files.toJson() as FilesRead;
  const before = conversation.files;
  const learnt = Object.entries(now).filter(
    ([path, state]) => JSON.stringify(state) !== JSON.stringify(before[path] ?? null),
  );
  const forgotten = Object.keys(before).filter(
    (path) => before[path] !== null && !Object.hasOwn(now, path),
  );
  return Object.fromEntries([...learnt, ...forgotten.map((path) => [path, null] as const)]);
}
