/** What tokens cost: as the configuration says, else as the price list of @pydantic/genai-prices has it for this address or
 *  this model. It never guesses: a price that nobody knows is undefined. */
import type { Provider } from "@pydantic/genai-prices";
import type { ModelSettings, Price } from "../core/settings.ts";
import type { Spend } from "../core/spend.ts";

/** In USD; cached tokens are among those that go in. */
export type PriceOf = (spend: Omit<Spend, "usd">) => number | undefined;

type Priced = Pick<ModelSettings, "baseURL" | "model" | "price">;

/** Whether a budget in USD can be held with this model. */
export async function knowsPrice(settings: Priced): Promise<boolean> {
  const priceOf = await loadPrice(settings);
  return priceOf({ inputTokens: 1, cachedTokens: 0, outputTokens: 1 }) !== undefined;
}

/** The price list is loaded only where the configuration has no price. */
export async function loadPrice({ baseURL, model, price }: Priced): Promise<PriceOf> {
  if (price !== undefined) return (spend) => configuredPrice(price, spend);
  const { calcPrice, findProvider } = await import("@pydantic/genai-prices");
  const usage = { input_tokens: 1, output_tokens: 1 };
  // The address says who is paid; a proxy's or a local one says nothing, and then the model's maker counts.
  const places = [{ providerApiUrl: baseURL }, { modelId: model }];
  const provider = places
    .map((place) => findProvider(place))
    .find((one) => one !== undefined && calcPrice(usage, model, { provider: one }) !== null);
  if (provider === undefined) return () => undefined;
  return (spend) => listedPrice(calcPrice, provider, model, spend);
}

const perMillion = 1_000_000;

function configuredPrice(price: Price, spend: Omit<Spend, "usd">): number {
  const { inputTokens, cachedTokens, outputTokens } = spend;
  const fresh = (inputTokens - cachedTokens) * price.input;
  return (fresh + cachedTokens * price.cached + outputTokens * price.output) / perMillion;
}

function listedPrice(
  calcPrice: typeof import("@pydantic/genai-prices").calcPrice,
  provider: Provider,
  model: string,
  { inputTokens, cachedTokens, outputTokens }: Omit<Spend, "usd">,
): number | undefined {
  const usage = {
    input_tokens: inputTokens,
    cache_read_tokens: cachedTokens,
    output_tokens: outputTokens,
  };
  return calcPrice(usage, model, { provider })?.total_price;
}
