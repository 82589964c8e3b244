/** The workers that a plan names, made real. */
import { Failure, unreachable } from "../core/failure.ts";
import type { RunId } from "../core/id.ts";
import type { Plan } from "../core/plan.ts";
import type { Settings, WorkerSettings } from "../core/settings.ts";
import type { Place, Worker } from "../core/worker.ts";
import type { Sandbox } from "../host/sandbox.ts";

export interface MadeWorkers {
  readonly workers: ReadonlyMap<string, Worker>;
  /** Ends what is kept between units. */
  close(): Promise<void>;
}

export async function makeWorkers(
  run: RunId,
  settings: Settings,
  plan: Plan,
  sandbox: ((writable: readonly string[]) => Sandbox) | undefined,
): Promise<MadeWorkers> {
  const names = new Set(plan.units.map((unit) => unit.worker ?? settings.worker));
  const workers = new Map<string, Worker>();
  const closers: (() => Promise<void>)[] = [];
  const inSandbox =
    sandbox === undefined
      ? undefined
      : ({ worktree, exchange }: Place) => sandbox([worktree, exchange]);
  for (const name of names) {
    const told = Object.hasOwn(settings.workers, name) ? settings.workers[name] : undefined;
    if (told === undefined) throw unknownWorker(name);
    const worker = await make(name, told, run, inSandbox);
    workers.set(name, worker);
    if ("close" in worker) closers.push(worker.close);
  }
  return {
    workers,
    close: async () => {
      await Promise.all(closers.map((close) => close()));
    },
  };
}

type Made = Worker | (Worker & { close(): Promise<void> });

async function make(
  name: string,
  told: WorkerSettings,
  run: RunId,
  sandbox: ((place: Place) => Sandbox) | undefined,
): Promise<Made> {
  switch (told.type) {
    case "command": {
      const { createCommandWorker } = await import("../work/command-worker.ts");
      const { command, stdin } = told;
      return createCommandWorker({ name, command, stdin, sandbox });
    }
    case "codemod": {
      const { createCodemodWorker } = await import("../work/codemod-worker.ts");
      const { codemod } = told;
      return createCodemodWorker({ name, codemod, run, ...(sandbox ? { sandbox } : {}) });
    }
    case "model":
      throw new Failure(
        "environment",
        "no_model_worker",
        `the worker ${name} is a model, which this version cannot run yet`,
        {
          advice: "use a command worker (--command) or a codemod (--codemod)",
        },
      );
    default:
      return unreachable(told);
  }
}

function unknownWorker(name: string): Failure {
  return new Failure("usage", "unknown_worker", `there is no worker ${name}`, {
    advice: "name one of `workers` in the configuration",
  });
}
