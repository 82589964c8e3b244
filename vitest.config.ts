import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    globalSetup: ["test/support/build.ts"],
    include: ["test/**/*.test.ts"],
    exclude: ["test/long/**", "**/node_modules/**"],
    // Most tests wait for programs of their own: a worker for each processor, where vitest would leave one free.
    maxWorkers: "100%",
    // As Pleach does with a check: a red one is tried once more, and one that then differs is shown as retried.
    retry: process.env["CI"] === undefined ? 0 : 1,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
