/** The desk of an agent that plans: there is no run yet, so nobody is asked, told or shared with; what it spends is counted. */
import type { Account } from "../core/budget.ts";
import type { Desk } from "../core/desk.ts";
import type { UnitId } from "../core/id.ts";

const noRun = { type: "refused", why: "there is no run yet" } as const;

export function planningDesk(account: Account, report: (text: string) => void): Desk {
  const unit = "plan" as UnitId;
  let answered = 0;
  return {
    unit,
    account,
    report: ({ text }) => report(text),
    agents: () => [],
    tell: (fact) => {
      if (fact.type === "agent-spent") {
        const { turns, said } = fact;
        // A try that came to nothing is paid for too.
        if (turns === answered) report(`turn ${turns + 1}: no whole answer yet`);
        // Without words it calls tools, which are told by themselves.
        else if (said !== "") report(`turn ${turns}: ${said}`);
        answered = turns;
      }
      return Promise.resolve();
    },
    claim: () => Promise.resolve(noRun),
    claimed: () => [],
    ask: () => Promise.resolve({ type: "nobody" }),
    send: () => Promise.resolve(noRun),
    messages: () => [],
    untilMessage: (_, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) resolve();
        else signal.addEventListener("abort", () => resolve(), { once: true });
      }),
    context: () => ({}),
    writeContext: () => Promise.resolve(noRun),
    subagents: () => 0,
  };
}
