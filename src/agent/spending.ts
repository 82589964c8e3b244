/** The money of an agent: every try of a request is reserved in its account before it is sent and settled afterwards, so that
 *  no request, however often it is tried, can pass a budget unseen. */
import type { Account, Over, Reservation } from "../core/budget.ts";
import { invariant, unreachable } from "../core/failure.ts";
import type { Model, ModelAnswer, ModelOutcome, ModelRequest } from "../core/model.ts";
import type { Budget } from "../core/plan.ts";
import { noSpend, type Spend } from "../core/spend.ts";
import type { PatienceOptions } from "../host/model-retry.ts";

/** An answer that may hold less is not worth its question. */
export const answerTokensMin = 64;

/** Room for an ordinary answer. */
const comfortableTokens = 2000;

/** What the owner hears of each try, and must have written down before it settles. */
export interface SpendingRecord {
  asked(reserved: Spend): Promise<void>;
  answered(answer: ModelAnswer): Promise<void>;
  unanswered(why: string, spend: Spend): Promise<void>;
  /** These accounts passed their warning. */
  warned(accounts: readonly Account[]): Promise<void>;
}

interface Spending {
  readonly model: Model;
  readonly account: Account;
  /** Tokens of one answer. */
  readonly outputTokensMax: number;
}

/** What is to be done before and after each try of `request`. */
export function spendingHooks(
  { model, account, outputTokensMax }: Spending,
  request: ModelRequest,
  record: SpendingRecord,
): Required<Pick<PatienceOptions<Over>, "beforeTry" | "afterTry">> {
  let open: Reservation | undefined;
  return {
    beforeTry: async () => {
      const inputTokens = model.countTokens(request);
      const least = spendOf(model, inputTokens, answerTokensMin);
      let affordable = affordableTokens(model, inputTokens, outputTokensMax, account.left());
      // What others hold comes back for the most part: nobody is ended, or cut short, for what is not spent yet.
      while (
        affordable < Math.min(outputTokensMax, comfortableTokens) &&
        account.hasOpen &&
        account.couldFit(least)
      ) {
        await account.untilSettled();
        affordable = affordableTokens(model, inputTokens, outputTokensMax, account.left());
      }
      const reserved = spendOf(model, inputTokens, Math.max(affordable, answerTokensMin));
      const reservation = account.reserve(reserved);
      if (reservation.type === "over") return { type: "refused", why: reservation };
      open = reservation;
      await record.asked(reserved);
      return { type: "go", outputTokensMax: affordable };
    },
    afterTry: async (outcome) => {
      invariant(open !== undefined, "a try is reserved before it is made");
      const spend = spentBy(outcome);
      const warned = open.settle(spend);
      open = undefined;
      if (outcome.type === "answered") await record.answered(outcome.answer);
      else {
        const why = outcome.type === "failed" ? outcome.fault.message : "stopped";
        await record.unanswered(why, spend);
      }
      if (warned.length > 0) await record.warned(warned);
    },
  };
}

function spentBy(outcome: ModelOutcome): Spend {
  switch (outcome.type) {
    case "answered":
      return outcome.answer.spend;
    case "failed":
      return outcome.fault.spend ?? noSpend;
    case "stopped":
      return outcome.spend ?? noSpend;
    default:
      return unreachable(outcome);
  }
}

/** How many tokens of an answer what is left still pays for. */
function affordableTokens(
  model: Model,
  inputTokens: number,
  outputTokensMax: number,
  left: Budget,
): number {
  const byTokens = left.tokens === undefined ? outputTokensMax : left.tokens - inputTokens;
  const tokens = Math.min(outputTokensMax, Math.floor(byTokens));
  if (left.usd === undefined || tokens <= 0) return tokens;
  const input = spendOf(model, inputTokens, 0).usd;
  const output = spendOf(model, inputTokens, tokens).usd - input;
  if (output <= 0 || input + output <= left.usd) return tokens;
  return Math.floor(tokens * Math.max(0, (left.usd - input) / output));
}

function spendOf(model: Model, inputTokens: number, outputTokens: number): Spend {
  const tokens = { inputTokens, cachedTokens: 0, outputTokens };
  return { ...tokens, usd: model.priceOf(tokens) ?? 0 };
}
