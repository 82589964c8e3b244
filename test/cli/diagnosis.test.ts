/** What doctor says where something is wrong: each thing once, and how a run would end on it. */
import { expect, it } from "vitest";
import { diagnose } from "../../src/cli/diagnosis.ts";
import { makeRepository } from "../support/repository.ts";

async function wrongAt(dir: string) {
  const findings = await diagnose({ dir });
  return findings.filter(({ state }) => state === "wrong");
}

it("says once that the configuration is wrong, with the exit code of a run", async () => {
  const { path: dir } = await makeRepository({ ".agentrc.json": `{ "chekcs": [] }` });
  const wrong = await wrongAt(dir);
  expect(wrong.map(({ name, exitCode }) => [name, exitCode])).toEqual([["config", 2]]);
  expect(wrong[0]?.message).toContain("chekcs");
});

it("says that there is no commit yet, and not that there is no branch", async () => {
  const { path: dir } = await makeRepository({ "a.txt": "a\n" }, { commit: false });
  const wrong = await wrongAt(dir);
  expect(wrong.map(({ name, exitCode }) => [name, exitCode])).toEqual([["repository", 3]]);
  expect(wrong[0]?.message).toContain("no commit yet");
});
