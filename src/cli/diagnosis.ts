/** What `doctor` finds: each thing that Pleach stands on, how it is here, and the command that mends it. It changes nothing. */
import { access, constants, mkdir, statfs } from "node:fs/promises";
import { readConfig } from "../config/read-config.ts";
import { isTrusted, trustQuestion } from "../config/trust.ts";
import { Failure, messageOf } from "../core/failure.ts";
import { type Problem, problemLine } from "../core/problem.ts";
import {
  gitVersion,
  inProgress,
  openRepository,
  type Repository,
  requireWritable,
  resolveTarget,
} from "../git/repository.ts";
import { stateHome } from "../host/file.ts";
import { isAlive, readLock } from "../host/lock.ts";
import { detectBubblewrap } from "../host/sandbox.ts";
import { runnerLock } from "../run/folder.ts";
import type { Finding, Where } from "./doors.ts";
import { isUnfinished, openStoredRuns } from "./stored-runs.ts";

/** Below this a run of some size may not fit. */
const freeBytesMin = 1024 ** 3;

type Look = (where: Where, repository: Repository | undefined) => Promise<Finding>;

export async function diagnose(where: Where): Promise<readonly Finding[]> {
  const findings: Finding[] = [node(), await found("git", git)];
  let repository: Repository | undefined;
  findings.push(
    await found("repository", async () => {
      repository = await openRepository(where.dir, { allowUnborn: true });
      await requireWritable(repository);
      // Asked again, to be told what a run would be told.
      await openRepository(where.dir);
      return fine("repository", repository.topLevel);
    }),
  );
  const looks: Readonly<Record<string, Look>> = { sandbox, state, disk, ...inRepository };
  for (const [name, look] of Object.entries(looks)) {
    if (repository === undefined && Object.hasOwn(inRepository, name)) continue;
    // Without a commit there is no branch either.
    if (name === "target" && findings.some(isUnborn)) continue;
    const finding = await found(name, () => look(where, repository));
    // One thing that is wrong can be in the way of several looks.
    if (!findings.some((one) => one.state === "wrong" && one.message === finding.message)) {
      findings.push(finding);
    }
  }
  return findings;
}

function isUnborn({ name, state }: Finding): boolean {
  return name === "repository" && state === "wrong";
}

const inRepository: Readonly<Record<string, Look>> = {
  target: async (_, repository) => {
    if (repository === undefined) return fine("target", "");
    const target = await resolveTarget(repository);
    const busy = await inProgress(repository);
    const name = target.replace("refs/heads/", "");
    if (busy === undefined) return fine("target", name);
    const advice = `end the ${busy} first: nothing lands on ${name} while it goes on`;
    return { name: "target", state: "warning", message: `a ${busy} is in progress`, advice };
  },
  config: async (where, repository) => {
    const read = await readConfig(repository?.topLevel ?? where.dir, where.config);
    return fine("config", read.file ?? "none, which is fine");
  },
  trust: async (where, repository) => {
    const read = await readConfig(repository?.topLevel ?? where.dir, where.config);
    const question = await trustQuestion(read.config, read.folder);
    if (question.commands.length === 0) return fine("trust", "nothing needs to be trusted");
    if (await isTrusted(stateHome(), repository?.name ?? "", question.hash)) {
      return fine("trust", "what the configuration runs is trusted");
    }
    const message = `not trusted yet: ${question.commands.join("; ")}`;
    return { name: "trust", state: "warning", message, advice: "pleach trust" };
  },
  runs: async (where, repository) => {
    const stored = await openStoredRuns(where.dir);
    const runs = await stored.list();
    const holder = repository && (await readLock(runnerLock(repository)));
    if (holder !== undefined && (await isAlive(holder))) {
      return fine("runs", `run ${holder.run ?? ""} is active (process ${holder.pid})`);
    }
    const unreadable = runs.find((run) => run.type === "unreadable");
    if (unreadable?.type === "unreadable") {
      const advice = "restore its journal from a backup, or remove its folder";
      return { name: "runs", state: "warning", message: unreadable.message, advice };
    }
    const open = runs.find((run) => run.type === "run" && isUnfinished(run.state));
    if (open?.type !== "run") return fine("runs", `${runs.length}, none unfinished`);
    const message = `run ${open.state.run} is not finished`;
    return { name: "runs", state: "warning", message, advice: `pleach resume ${open.state.run}` };
  },
};

function node(): Finding {
  return fine("node", process.version);
}

async function git(): Promise<Finding> {
  return fine("git", await gitVersion());
}

async function sandbox(): Promise<Finding> {
  const answer = await detectBubblewrap();
  if (answer.available) return fine("sandbox", answer.path);
  const advice = "apt-get install bubblewrap, or run with --sandbox none";
  return { name: "sandbox", state: "warning", message: answer.why, advice };
}

async function state(): Promise<Finding> {
  const home = stateHome();
  try {
    await mkdir(home, { recursive: true });
    await access(home, constants.W_OK);
    return fine("state", home);
  } catch (error) {
    const advice = "set PLEACH_STATE_HOME to a folder that you may write";
    return { name: "state", state: "wrong", message: messageOf(error), advice };
  }
}

async function disk(): Promise<Finding> {
  const { bavail, bsize } = await statfs(stateHome());
  const free = bavail * bsize;
  const message = `${(free / 1024 ** 3).toFixed(1)} GiB free for worktrees`;
  if (free >= freeBytesMin) return fine("disk", message);
  return { name: "disk", state: "warning", message, advice: "free some space before a large run" };
}

async function found(name: string, look: () => Promise<Finding>): Promise<Finding> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const problems = error.details["problems"] as readonly Problem[] | undefined;
    const all = problems?.map(problemLine).join("; ");
    const message = all === undefined ? error.message : `${error.message} (${all})`;
    return { name, state: "wrong", message, advice: error.advice, exitCode: error.exitCode };
  }
}

function fine(name: string, message: string): Finding {
  return { name, state: "fine", message };
}
