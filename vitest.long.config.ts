import { defineConfig } from "vitest/config";

/** Random kills, many seeds, fuzzing: `npm run test:long`. */
export default defineConfig({
  test: {
    globalSetup: ["test/support/build.ts"],
    include: ["test/long/**/*.test.ts"],
    testTimeout: 900_000,
    hookTimeout: 120_000,
  },
});
