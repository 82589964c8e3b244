/** What a report tells of our own agents: who worked below whom, what it cost, what they asked of people and of each other. */

import type { RunState } from "../core/run.ts";
import { runSummary } from "../core/run-summary.ts";
import { agentStatus, cachedShare, sayAgentSpend } from "./agents.ts";
import { approvalDocuments } from "./approvals.ts";
import { totalSpend } from "./document.ts";
import { code, codeBlock, plain, tableOf } from "./markdown.ts";
import type { Life } from "./unit-status.ts";
import { sayCount, sayDuration, sayLines } from "./words.ts";

const rowsShownMax = 200;
const saidCharsMax = 200;

/** Each with its title; empty where there is nothing to tell. */
export function agentSections(
  state: RunState,
  life: Life,
): readonly (readonly [title: string, body: string])[] {
  return [
    ["Summary", wholeSummary(state)],
    ["Agents", agents(state, life)],
    ["Approvals", approvals(state)],
    ["Claims", claims(state)],
  ];
}

/** As it was given, line by line: it may be a list, a table or JSON. */
function wholeSummary(state: RunState): string {
  const summary = runSummary(state).trim();
  return summary.includes("\n") ? codeBlock(summary) : plain(summary);
}

/** How much of what was sent the provider had in its cache. */
export function sayCached(state: RunState): string | undefined {
  const share = cachedShare(totalSpend(state));
  return share === undefined ? undefined : `${Math.round(share * 100)} % of the input was cached`;
}

function agents(state: RunState, life: Life): string {
  const all = state.units.flatMap((unit) =>
    unit.agents.map((agent) => [
      code(`${unit.id}/${agent.agent}`),
      plain(agent.role),
      agentStatus(state, unit, agent, life).replace("_", " "),
      String(agent.attempt),
      String(agent.turns),
      plain(sayAgentSpend(agent)),
      sayDuration((agent.endedAt ?? state.updatedAt) - agent.startedAt),
      plain(cut(sayLines(agent.said))),
    ]),
  );
  if (all.length === 0) return "";
  const columns = ["Agent", "Role", "Status", "Attempt", "Turns", "Spend", "Time", "Last words"];
  const more = all.length - rowsShownMax;
  const table = tableOf(columns, all.slice(0, rowsShownMax));
  return more > 0 ? `${table}\n\nand ${sayCount(more, "more agent")}` : table;
}

function approvals(state: RunState): string {
  return approvalDocuments(state)
    .map(({ id, unit, agent, content, answer }) => {
      const who = agent === null ? unit : `${unit}/${agent}`;
      return `- ${code(id)} of ${code(who)}: ${answer ?? "not answered"}: ${plain(cut(sayLines(content)))}`;
    })
    .join("\n");
}

function claims(state: RunState): string {
  return state.units
    .filter((unit) => unit.claims.length > 0)
    .map((unit) => `- ${code(unit.id)}: ${unit.claims.map(code).join(", ")}`)
    .join("\n");
}

function cut(text: string): string {
  return text.length > saidCharsMax ? `${text.slice(0, saidCharsMax)}…` : text;
}
