import { mergeConfig } from "vitest/config";
import config from "./vitest.config.ts";

/** Random kills, many seeds, fuzzing: `npm run test:long`. */
export default mergeConfig(config, {
  test: { testTimeout: 900_000, hookTimeout: 120_000 },
});
