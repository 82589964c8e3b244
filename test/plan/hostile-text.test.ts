import { describe, expect, it } from "vitest";
import {
  decoders,
  fuzzBlotted,
  fuzzNoise,
  fuzzPrefixes,
  fuzzSpoilt,
} from "../support/decoder-fuzz.ts";

describe.each(["config", "plan"] as const)("the decoder of a %s", (name) => {
  it("survives noise", async () => {
    const decoder = (await decoders())[name];
    await fuzzNoise(decoder, 300);
    expect(await decoder.decode("\u0000", "json")).toBe(false);
  });

  it("survives hostile keys and values, and blots", async () => {
    const decoder = (await decoders())[name];
    await fuzzSpoilt(decoder, 100);
    await fuzzBlotted(decoder, 30);
    expect(await decoder.decode(JSON.stringify(decoder.valid), "json")).toBe(true);
  });

  it("takes no beginning of a file for the file", async () => {
    await fuzzPrefixes((await decoders())[name], 13);
  });
});
