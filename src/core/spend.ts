/** What models cost: tokens, and dollars where their price is known. */

export interface Spend {
  readonly inputTokens: number;
  readonly cachedTokens: number;
  readonly outputTokens: number;
  readonly usd: number;
}

/** Sums of dollars carry noise behind the digits that mean something. */
const usdParts = 1e9;

export function withoutNoise(spend: Spend): Spend {
  return { ...spend, usd: Math.round(spend.usd * usdParts) / usdParts };
}

export const noSpend: Spend = { inputTokens: 0, cachedTokens: 0, outputTokens: 0, usd: 0 };

/** Budgets count what goes in and what comes out; cached tokens are among those that go in. */
export function tokensOf({ inputTokens, outputTokens }: Spend): number {
  return inputTokens + outputTokens;
}

export function sumOf(a: Spend, b: Spend): Spend {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    cachedTokens: a.cachedTokens + b.cachedTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    usd: a.usd + b.usd,
  };
}

export function differenceOf(a: Spend, b: Spend): Spend {
  return {
    inputTokens: a.inputTokens - b.inputTokens,
    cachedTokens: a.cachedTokens - b.cachedTokens,
    outputTokens: a.outputTokens - b.outputTokens,
    usd: a.usd - b.usd,
  };
}
