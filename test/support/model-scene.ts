/** Settings and requests of a model, as short as a test wants to say them. */
import type { ModelMessage, ModelRequest } from "../../src/core/model.ts";
import type { ModelSettings } from "../../src/core/settings.ts";

export function modelSettings(baseURL: string, given: Partial<ModelSettings> = {}): ModelSettings {
  return {
    type: "model",
    baseURL,
    apiKeyEnv: "MODEL_KEY",
    model: "fake-model",
    price: { input: 1, cached: 0.5, output: 10 },
    window: 100_000,
    outputTokensMax: 4_000,
    idleTimeoutMs: 20_000,
    turnTimeoutMs: 30_000,
    ...given,
  };
}

export function modelRequest(text: string, given: Partial<ModelRequest> = {}): ModelRequest {
  return { messages: [{ role: "user", text }], tools: [], ...given };
}

export function systemAndUser(system: string, user: string): readonly ModelMessage[] {
  return [
    { role: "system", text: system },
    { role: "user", text: user },
  ];
}
