/** Which sandbox a run has, and what is writable in it; a run that needs one and has none does not begin. */
import { existsSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { Failure } from "../core/failure.ts";
import { type Check, type Command, isMatchCheck, type Plan } from "../core/plan.ts";
import type { Settings } from "../core/settings.ts";
import type { Repository } from "../git/repository.ts";
import { ownFolder } from "../host/own-folder.ts";
import { detectBubblewrap, type Sandbox } from "../host/sandbox.ts";

export interface SandboxChoice {
  /** Absent where there is none. The first writable place is the worktree. */
  readonly sandbox: ((writable: readonly string[]) => Sandbox) | undefined;
  readonly warnings: readonly string[];
}

export async function chooseSandbox(
  repository: Repository,
  settings: Settings,
  plan: Plan,
): Promise<SandboxChoice> {
  if (settings.sandbox === "none") return { sandbox: undefined, warnings: [] };
  const found = await detectBubblewrap();
  if (found.available) return { sandbox: makeSandbox(repository, settings, plan), warnings: [] };
  if (settings.sandbox === "auto" && isOnlyRules(settings, plan)) {
    const runs = settings.checks.length + settings.setup.run.length + doneWhen(plan).length > 0;
    const warning = `checks run without a sandbox: ${found.why}`;
    return { sandbox: undefined, warnings: runs ? [warning] : [] };
  }
  throw new Failure("environment", "no_sandbox", `there is no sandbox: ${found.why}`, {
    advice:
      "install bubblewrap (apt-get install bubblewrap), or trust the workers with this machine: --sandbox none",
  });
}

/** Rules run in our own processes and are data, not code. */
function isOnlyRules(settings: Settings, plan: Plan): boolean {
  return plan.units.every((unit) => {
    const worker = settings.workers[unit.worker ?? settings.worker];
    return worker?.type === "codemod" && worker.codemod.type === "rule";
  });
}

function makeSandbox(
  repository: Repository,
  settings: Settings,
  plan: Plan,
): (writable: readonly string[]) => Sandbox {
  const named = commandsOf(settings, plan).flatMap(placesIn);
  // The children that run a codemod's module are our own.
  const visible = [...new Set([ownFolder, repository.topLevel, repository.commonDir, ...named])];
  return (writable) => {
    const [worktree] = writable;
    const pointer = worktree === undefined ? [] : [path.join(worktree, ".git")];
    return {
      writable,
      protect: [repository.commonDir, ...pointer],
      visible: visible.filter((place) => existsSync(place)),
      network: true,
    };
  };
}

function commandsOf(settings: Settings, plan: Plan): readonly Command[] {
  const workers = Object.values(settings.workers).flatMap((worker): readonly Command[] => {
    if (worker.type === "command") return [worker.command];
    if (worker.type !== "codemod" || worker.codemod.type === "rule") return [];
    return [worker.codemod.type === "module" ? [worker.codemod.file] : worker.codemod.command];
  });
  const checks = [
    ...settings.checks,
    ...settings.unitChecks,
    ...doneWhen(plan),
    ...plan.units.flatMap((unit) => unit.checks),
  ];
  return [...workers, ...checks.map(({ run }) => run), ...settings.setup.run];
}

/** What is looked for by our own program needs no sandbox: nothing of the repository is run. */
function doneWhen({ doneWhen }: Plan): readonly Check[] {
  return doneWhen.filter((one): one is Check => !isMatchCheck(one));
}

/** A program that lies in the machine's /tmp must be seen in the sandbox, and so must what lies beside it. */
function placesIn(command: Command): readonly string[] {
  const words = typeof command === "string" ? command.split(/[\s"'=;|&()<>]+/) : command;
  return words.flatMap((word) => {
    const file = path.normalize(word);
    const shared = ["/tmp", "/dev/shm", os.tmpdir()].find((one) => file.startsWith(`${one}/`));
    if (shared === undefined || !existsSync(file)) return [];
    return [path.dirname(file) === shared ? file : path.dirname(file)];
  });
}
