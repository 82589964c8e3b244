import { expect, it } from "vitest";
import { parseConfig } from "../../src/config/read-config.ts";
import { settingsOf } from "../../src/config/settings-of.ts";
import type { RefName } from "../../src/core/id.ts";

const facts = { target: "refs/heads/main" as RefName, folder: "/x", cwd: "/x", roles: [] };
const read = (hubs: readonly unknown[]) =>
  parseConfig(
    JSON.stringify({ workers: { lockfile: { type: "command", command: "true" } }, hubs }),
    "json",
  );

it("hubs of the config are globs with a policy, and a worker to make them anew", async () => {
  const hubs = [
    { files: ["package-lock.json"], policy: "regenerate", worker: "lockfile" },
    { files: ["src/index.ts", "!x"], policy: "last" },
  ];
  expect(await read(hubs)).toMatchObject({ type: "config", config: { hubs } });
});

it.each([
  [{ files: [], policy: "last" }, "hubs[0].files: must not be empty"],
  [{ files: ["../x"], policy: "last" }, 'hubs[0].files[0]: "../x" leaves the repository'],
  [{ files: ["a"], policy: "lst" }, "hubs[0].policy"],
  [{ files: ["a"], policy: "regenerate" }, "hubs[0]: must name a worker with regenerate"],
  [{ files: ["a"], policy: "first", worker: "lockfile" }, "hubs[0]: must name a worker with"],
])("hubs that are wrong are named: %j", async (rule, said) => {
  const wrong = await read([rule]);
  const problems = wrong.type === "wrong" ? wrong.problems : [];
  expect(problems.map(({ field, message }) => `${field}: ${message}`).join()).toContain(said);
});

it("a worker that is not there is named", async () => {
  const made = await read([{ files: ["a"], policy: "regenerate", worker: "lockfle" }]);
  if (made.type !== "config") throw new Error("it is read");
  await expect(settingsOf(made.config, {}, facts)).rejects.toThrow(
    "the config: hubs[0].worker: there is no worker lockfle (did you mean lockfile",
  );
});
