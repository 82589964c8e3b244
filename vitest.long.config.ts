import { defineConfig } from "vitest/config";

/** Random kills, many seeds, fuzzing: `npm run test:long`. */
export default defineConfig({
  test: {
    globalSetup: ["test/support/build.ts"],
    include: ["test/long/**/*.test.ts"],
    // A sweep waits much for programs of its own: one for each processor.
    maxWorkers: "100%",
    // As in vitest.config.ts.
    retry: process.env["CI"] === undefined ? 0 : 1,
    testTimeout: 900_000,
    hookTimeout: 120_000,
  },
});
