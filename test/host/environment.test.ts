import { expect, test } from "vitest";
import { workerEnvironment } from "../../src/host/environment.ts";
import { runProcess } from "../../src/host/run-process.ts";

const planted = {
  OPENAI_API_KEY: "sk-planted",
  ANTHROPIC_API_KEY: "planted",
  GITHUB_TOKEN: "planted",
  AWS_SECRET_ACCESS_KEY: "planted",
  NPM_TOKEN: "planted",
  npm_config__authToken: "planted",
  DATABASE_URL: "planted",
  GIT_DIR: "/planted",
  GIT_INDEX_FILE: "/planted",
  NODE_OPTIONS: "--require=/planted.js",
  LD_PRELOAD: "/planted.so",
  BASH_ENV: "/planted",
  SSH_AUTH_SOCK: "/planted",
  PLEACH_RUN: "planted",
  HTTPS_PROXY: "http://user:planted@proxy:3128",
  npm_config_registry: "https://planted@registry.example/",
};
const harmless = {
  PATH: "/usr/bin:/bin",
  HOME: "/home/somebody",
  LANG: "de_DE.UTF-8",
  LC_TIME: "C",
  TERM: "xterm",
  TZ: "UTC",
  http_proxy: "http://proxy:3128",
};

test("a worker gets what is harmless, and no key, token, password or setting of git or Node", () => {
  expect(workerEnvironment({}, { ...planted, ...harmless })).toEqual(harmless);
});

test("what is given expressly is added and has the last word", () => {
  expect(workerEnvironment({ AGENT_TASK_FILE: "/t", TZ: "CET" }, harmless)).toEqual({
    ...harmless,
    TZ: "CET",
    AGENT_TASK_FILE: "/t",
  });
});

test("there is a PATH even where we have none", () => {
  expect(workerEnvironment({}, { HOME: "/h" })).toEqual({
    PATH: "/usr/local/bin:/usr/bin:/bin",
    HOME: "/h",
  });
});

test("nothing planted is seen by a program that is really run", async () => {
  const result = await runProcess({
    command: "env",
    cwd: "/",
    env: workerEnvironment({}, { ...planted, ...harmless }),
    signal: new AbortController().signal,
  });
  expect(result.stdoutTail).toMatch(/^HOME=/m);
  expect(result.stdoutTail).not.toMatch(/planted/);
});
