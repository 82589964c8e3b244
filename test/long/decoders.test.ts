import { describe, it } from "vitest";
import {
  decoders,
  fuzzBlotted,
  fuzzNoise,
  fuzzPrefixes,
  fuzzSpoilt,
} from "../support/decoder-fuzz.ts";

describe.each(["config", "plan"] as const)("the decoder of a %s, at length", (name) => {
  it("survives 20,000 noises", { timeout: 600_000 }, async () => {
    await fuzzNoise((await decoders())[name], 20_000);
  });

  it("survives 20,000 hostile values", { timeout: 600_000 }, async () => {
    await fuzzSpoilt((await decoders())[name], 20_000);
  });

  it("survives 5,000 blots", { timeout: 600_000 }, async () => {
    await fuzzBlotted((await decoders())[name], 5000);
  });

  it("takes no beginning of a file for the file, at any character", {
    timeout: 600_000,
  }, async () => {
    await fuzzPrefixes((await decoders())[name], 1);
  });
});
