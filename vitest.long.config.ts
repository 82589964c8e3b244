import { defineConfig } from "vitest/config";

/** Random kills, many seeds, fuzzing: `npm run test:long`. */
export default defineConfig({
  test: {
    globalSetup: ["test/support/build.ts"],
    include: ["test/long/**/*.test.ts"],
    // A sweep over random moments meets a busy machine now and then; what is wrong is wrong again.
    retry: 2,
    testTimeout: 900_000,
    hookTimeout: 120_000,
  },
});
