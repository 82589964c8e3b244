/** The hands of a run, made real: its workers, its sandbox, who judges between approaches. */
import type { RepoPath, RunId, UnitId } from "../core/id.ts";
import { hasEnded } from "../core/reopening.ts";
import { identity } from "../git/commit.ts";
import { filterGuard } from "../git/filter-guard.ts";
import { takesContentPlainly } from "../git/plain-content.ts";
import type { Mark } from "../host/process-tree.ts";
import { LiveOwnership } from "../run/live-ownership.ts";
import { RealHands } from "../run/perform.ts";
import type { RunnerParts } from "../run/runner.ts";
import type { Answering } from "./answering.ts";
import { chooseSandbox, type SandboxChoice } from "./choose-sandbox.ts";
import type { Driver } from "./driver.ts";
import { makeWorkers } from "./make-workers.ts";
import { redactOf } from "./secrets.ts";

export interface HandsFacts {
  readonly driver: Pick<Driver, "repository" | "eyes" | "checkoutLane">;
  readonly run: RunId;
  readonly mark: Mark;
  readonly answering: Pick<Answering, "answerable">;
  readonly files: ReadonlyMap<UnitId, readonly RepoPath[]>;
  /** Of a run that begins: its sandbox was chosen before. */
  readonly chosen: SandboxChoice | undefined;
}

type Given = Parameters<RunnerParts["makeHands"]>[0];

export async function makeHands(
  { driver, run, mark, answering, files, chosen }: HandsFacts,
  { pool, folder, state, mailbox }: Given,
) {
  const { repository, eyes, checkoutLane } = driver;
  const { plan, settings } = state;
  const ownership = new LiveOwnership(plan);
  const { sandbox } = chosen ?? (await chooseSandbox(repository, settings, plan));
  const place = { gitDir: repository.commonDir };
  const redact = await redactOf(settings);
  const facts = {
    settings,
    plan,
    repository,
    ownership,
    redact,
    isAtWork: !state.units.every(({ at }) => hasEnded(at)),
  };
  const [made, author, filterConfig, plainContent] = await Promise.all([
    makeWorkers(run, facts, sandbox),
    identity(place),
    filterGuard(place),
    takesContentPlainly(place),
  ]);
  const hands = new RealHands({
    pool,
    folder,
    author,
    ownership,
    files,
    workers: made.workers,
    judge: made.judge,
    summarise: made.summarise,
    sandbox,
    redact,
    filterConfig,
    plainContent,
    checkoutLane,
    report: (activity) => eyes.activity(activity),
    mailbox,
    answerable: answering.answerable,
    inherited: state,
    mark,
  });
  return { hands, close: made.close };
}
