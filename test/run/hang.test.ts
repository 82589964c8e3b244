/** P14 with the built program: whatever never ends and is deaf to SIGTERM is ended within its timeout and five seconds, and so
 *  does the run. */
import { afterAll, expect, test } from "vitest";
import {
  eventsOf,
  expectNothingLeft,
  journalOf,
  runArguments,
  startPleach,
  userOf,
} from "../support/killed-run.ts";
import { alphaOnly, makeScene, removeScene, type Scene } from "../support/woven-scene.ts";

const scenes: Scene[] = [];
afterAll(() => scenes.forEach(removeScene));

const deaf = "trap '' TERM INT HUP; while :; do sleep 0.2; done";
const daemon = `(setsid sh -c "trap '' TERM INT HUP; while :; do sleep 0.2; done" &) ; `;
const limits = { concurrency: 1, attempts: 1, unitTimeout: "60s", runTimeout: "5m" };
const works = { workers: { hand: { type: "command", command: "echo new > alpha/file" } } };

interface Hang {
  readonly what: string;
  readonly config: object;
  readonly plan?: object;
  readonly timeoutMs: number;
  readonly code: number;
  readonly status: string;
  readonly reason?: string;
  readonly log?: RegExp;
}

const hangs: readonly Hang[] = [
  {
    what: "a worker",
    config: {
      workers: { hand: { type: "command", command: daemon + deaf } },
      limits: { ...limits, unitTimeout: "1s" },
    },
    timeoutMs: 1000,
    code: 1,
    status: "timed_out",
    reason: "timed_out",
    log: /alpha\/1\/output.log$/,
  },
  {
    what: "a unit's check",
    config: {
      ...works,
      unitChecks: [{ name: "slow", run: daemon + deaf, timeout: "1s" }],
      limits,
    },
    timeoutMs: 1000,
    code: 1,
    status: "failed",
    reason: "check_failed",
  },
  {
    what: "a check of the merged tree",
    config: { ...works, checks: [{ name: "slow", run: daemon + deaf, timeout: "1s" }], limits },
    timeoutMs: 1000,
    code: 1,
    status: "failed",
    reason: "check_failed",
  },
  {
    what: "a set-up command",
    config: { ...works, setup: { run: [deaf] }, limits: { ...limits, unitTimeout: "1s" } },
    timeoutMs: 1000,
    code: 1,
    status: "timed_out",
    reason: "timed_out",
    log: /alpha\/1\/setup.log$/,
  },
  {
    what: "a set-up command of the merged tree",
    config: {
      ...works,
      // In a unit's worktree there is the unit's own file only.
      setup: { run: [`if grep -q new alpha/file; then ${deaf}; fi`] },
      checks: [{ name: "never", run: "true", timeout: "1s" }],
      limits,
    },
    timeoutMs: 1000,
    code: 1,
    status: "failed",
    reason: "check_failed",
    log: /^checks\/setup.log$/,
  },
  {
    what: "a run with a hung worker, at its own timeout",
    config: {
      workers: { hand: { type: "command", command: deaf } },
      limits: { ...limits, runTimeout: "2s" },
    },
    timeoutMs: 2000,
    code: 1,
    status: "timed_out",
    reason: "timed_out",
    log: /alpha\/1\/output.log$/,
  },
  {
    what: "a run with a hung check, at its own timeout",
    config: { ...works, checks: [deaf], limits: { ...limits, runTimeout: "3s" } },
    timeoutMs: 3000,
    code: 1,
    status: "timed_out",
    reason: "timed_out",
  },
  {
    what: "a run whose doneWhen hangs, at its own timeout: it does not land",
    config: { ...works, checks: ["true"], limits: { ...limits, runTimeout: "4s" } },
    plan: { ...alphaOnly, doneWhen: [{ name: "hung", run: deaf }] },
    timeoutMs: 4000,
    code: 1,
    status: "merged",
  },
];

test.concurrent.each(hangs)("$what is ended within its timeout and five seconds", async (hang) => {
  const { config, plan = alphaOnly, timeoutMs, code, status, reason, log } = hang;
  const scene = await makeScene({ plan, config });
  scenes.push(scene);
  const user = await userOf(scene);
  const tip = await scene.repository.git("rev-parse", "main");
  const ran = await startPleach(scene, runArguments(scene)).ended;
  const document = JSON.parse(ran.stdout) as {
    landed: string | null;
    units: { status: string; reason: { type: string; log?: string } | null }[];
  };
  const [unit] = document.units;
  expect([ran.code, unit?.status, unit?.reason?.type]).toEqual([code, status, reason]);
  expect(document.landed).toBeNull();
  if (log !== undefined) expect(unit?.reason?.log).toMatch(log);
  expect(longestWaitMs(scene)).toBeLessThan(timeoutMs + 5000);
  expect(await scene.repository.git("rev-parse", "main")).toBe(tip);
  expect(await userOf(scene)).toEqual(user);
  await expectNothingLeft(scene, "refs/heads/pleach/");
  expect(eventsOf(scene, "cleaned")).toHaveLength(1);
});

function longestWaitMs(scene: Scene): number {
  const times = journalOf(scene).map(({ at }) => at);
  return Math.max(...times.slice(1).map((at, before) => at - (times[before] ?? at)));
}
