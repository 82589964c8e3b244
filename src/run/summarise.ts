/** The summary of a run by a model. It is the last thing before the end, so nothing may keep the run from ending: where no answer
 *  can be had, the words of the units stand for themselves. */
import { combine } from "../core/aggregate.ts";
import type { Account } from "../core/budget.ts";
import type { RunEvent } from "../core/event.ts";
import { Failure } from "../core/failure.ts";
import { unitResults } from "../core/run-summary.ts";
import { noSpend } from "../core/spend.ts";
import type { Lookout } from "./desk.ts";
import type { HandsParts, Summed } from "./hands-parts.ts";

const timeoutMs = 300_000;

export async function summarise(
  parts: Pick<HandsParts, "summarise">,
  account: Account,
  lookout: Lookout,
): Promise<RunEvent> {
  const results = unitResults(lookout.state);
  const over = new AbortController();
  const leave = AbortSignal.any([over.signal, AbortSignal.timeout(timeoutMs)]);
  // A person who wants us to go does not wait for a summary.
  const left = new AbortController();
  const watch = lookout
    .until(({ at }) => at.phase === "interrupted" || undefined, leave)
    .then(() => left.abort());
  const summed = await ask(parts, () => parts.summarise?.(results, account, left.signal));
  over.abort();
  await watch;
  const { text, spend } = summed ?? { text: plainText(results), spend: noSpend };
  return { type: "run-summarised", text, spend };
}

async function ask(
  { summarise: known }: Pick<HandsParts, "summarise">,
  call: () => Promise<Summed | undefined> | undefined,
): Promise<Summed | undefined> {
  if (known === undefined) return undefined;
  try {
    return await call();
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

function plainText(results: ReturnType<typeof unitResults>): string {
  return combine("concatenate", results).summary;
}
