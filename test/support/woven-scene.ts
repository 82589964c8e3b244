/** A small repository with a user in it and a plan that meets everything once: units side by side and one after the other, a worker
 *  that strays, a red check that is mended, doneWhen, and a landing on what is checked out beside the user's own edits. */
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { eventually } from "./eventually.ts";
import { makeRepository, repositoryAt, runGit, type TestRepository } from "./repository.ts";

export interface Scene {
  readonly repository: TestRepository;
  readonly folder: string;
  readonly plan: string;
  readonly stateHome: string;
}

/** What the target must hold at the end, apart from what was there before. */
export const wovenFiles = {
  "alpha/file": "alpha done\n",
  "alpha/new": "alpha new\n",
  "beta/file": "beta done\n",
  "gamma/file": "gamma done\n",
  "delta/file": "alpha done beta done\n",
};

/** Strays until it was told so, breaks the check until it was told so: the number of the attempt says nothing after a crash. */
const worker = `
case $PLEACH_UNIT in
alpha) echo alpha done > alpha/file; echo alpha new > alpha/new;;
beta) grep -q stray "$AGENT_TASK_FILE" || echo x > elsewhere; echo beta done > beta/file;;
gamma) if grep -q 'is broken' "$AGENT_TASK_FILE"; then echo gamma done; else echo broken; fi > gamma/file;;
delta) echo $(cat alpha/file beta/file) > delta/file;;
esac
echo "$PLEACH_UNIT did it"
`;

const unit = (id: string, after: readonly string[] = []) => ({
  id,
  title: `Do ${id}`,
  instructions: `Do ${id}.`,
  owns: [`${id}/**`],
  after,
});

const plan = {
  version: 1,
  goal: "Weave",
  units: [unit("alpha"), unit("beta"), unit("gamma"), unit("delta", ["alpha", "beta"])],
  doneWhen: [{ name: "woven", run: "test -e delta/file && ! grep -rq broken gamma" }],
};

/** Tells that it began, then waits for `open()`; under `--sandbox none` alone. */
const gate = (folder: string) => `
echo half > $PLEACH_UNIT/half
touch '${folder}'/began-$PLEACH_UNIT-$PLEACH_ATTEMPT
while ! test -e '${folder}/go'; do sleep 0.05; done
rm $PLEACH_UNIT/half
`;

const config = (command: string) => ({
  workers: { hand: { type: "command", command } },
  worker: "hand",
  checks: [{ name: "whole", run: "! grep -rq broken gamma || { echo gamma is broken; false; }" }],
  limits: { concurrency: 2, attempts: 2, unitTimeout: "60s", runTimeout: "5m" },
});

/** A folder in memory where there is one: a thousand runs wait for the disk otherwise. */
export function fastFolder(prefix = "pleach-kill-"): string {
  const memory = "/dev/shm";
  return realpathSync(mkdtempSync(path.join(existsSync(memory) ? memory : os.tmpdir(), prefix)));
}

export interface SceneParts {
  /** Instead of the plan that meets everything. */
  readonly plan?: object;
  /** Over the config. */
  readonly config?: object;
  /** The workers wait until they are let go. */
  readonly gated?: boolean;
}

export async function makeScene(parts: SceneParts = {}): Promise<Scene> {
  const folder = fastFolder();
  const command = parts.gated ? gate(folder) + worker : worker;
  const files = Object.fromEntries(
    ["alpha", "beta", "gamma", "delta"].map((id) => [`${id}/file`, `${id}\n`]),
  );
  const repository = await makeRepository(
    {
      ...files,
      mine: "as committed\n",
      staged: "as committed\n",
      ".gitignore": "*.ignored\n",
      ".agentrc.json": JSON.stringify({ ...config(command), ...parts.config }),
    },
    { under: folder },
  );
  repository.write({ "plan.json": JSON.stringify(parts.plan ?? plan), stashed: "s\n" });
  await repository.git("stash", "push", "--quiet", "--include-untracked", "--", "stashed");
  repository.write({
    mine: "edited\n",
    staged: "edited\n",
    "own.ignored": "i\n",
    untracked: "u\n",
  });
  await repository.git("add", "staged");
  return sceneAt(folder);
}

/** Lets all workers of a gated scene go. */
export function openGate({ folder }: Scene): void {
  writeFileSync(path.join(folder, "go"), "");
}

/** Settles when a worker of a gated scene began. */
export function hasBegunWork({ folder }: Scene, unit: string, attempt = 1): Promise<void> {
  return eventually(() => existsSync(path.join(folder, `began-${unit}-${attempt}`)));
}

/** A plan of one unit. */
export const alphaOnly = { version: 1, goal: "Weave", units: [unit("alpha")] };

/** The same scene in a folder of its own. */
export async function copyOf(scene: Scene): Promise<Scene> {
  const folder = fastFolder();
  cpSync(scene.repository.path, path.join(folder, "repository"), {
    recursive: true,
    verbatimSymlinks: true,
  });
  const copy = sceneAt(folder);
  // The index remembers inodes and times of the original.
  await runGit(copy.repository.path, ["status"], { env: { GIT_OPTIONAL_LOCKS: "1" } });
  return copy;
}

export function removeScene({ folder }: Scene): void {
  rmSync(folder, { recursive: true, force: true });
}

/** What a finished run must not leave in the state directory: any file at all. */
export function filesInState({ stateHome }: Scene): readonly string[] {
  if (!existsSync(stateHome)) return [];
  return readdirSync(stateHome, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

function sceneAt(folder: string): Scene {
  const repository = repositoryAt(path.join(folder, "repository"), folder);
  return {
    repository,
    folder,
    plan: path.join(repository.path, "plan.json"),
    stateHome: path.join(folder, "state"),
  };
}
