/** Real repositories for tests, in folders that are gone when the test file ends. */
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { runGit } from "./user-git.ts";

export { type FingerprintOptions, fingerprint, leftovers } from "./fingerprint.ts";
export { runGit, userEnvironment } from "./user-git.ts";

export interface TestRepositoryOptions {
  /** The first branch; `main` if absent. */
  readonly branch?: string;
  /** `false` leaves HEAD unborn and the files uncommitted. */
  readonly commit?: boolean;
  /** The folder that the repository is made in; a fresh temporary one if absent. */
  readonly under?: string;
  /** The name of the repository's folder. */
  readonly name?: string;
  /** SHA-1 if absent. */
  readonly objectFormat?: "sha256";
}

export interface TestRepository {
  /** The user's checkout, a real path. */
  readonly path: string;
  /** Holds the repository and nothing else: room for worktrees, state homes, clones. Gone after disposal. */
  readonly folder: string;
  /** Writes files below the checkout, folders too; `null` removes one. */
  write(files: Readonly<Record<string, string | Buffer | null>>): void;
  read(path: string): string;
  /** Writes the files, adds everything, commits it, and answers the commit. */
  commit(
    files?: Readonly<Record<string, string | Buffer | null>>,
    message?: string,
  ): Promise<string>;
  /** Stdout without its last line end; throws with stderr when git fails. */
  git(...args: string[]): Promise<string>;
  dispose(): void;
}

const made = new Set<string>();

/** An empty folder that is removed with everything in it when the test file ends. */
export function temporaryFolder(prefix = "pleach-test-"): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), prefix)));
  made.add(folder);
  return folder;
}

/** A repository with one commit of `files`, an identity of its own, and no hooks. */
export async function makeRepository(
  files: Readonly<Record<string, string | Buffer>> = { "README.md": "# a repository\n" },
  options: TestRepositoryOptions = {},
): Promise<TestRepository> {
  const folder = options.under ?? temporaryFolder();
  const path = join(folder, options.name ?? "repository");
  mkdirSync(path, { recursive: true });
  const format = `--object-format=${options.objectFormat ?? "sha1"}`;
  await runGit(path, ["init", "--quiet", "--template=", format, "-b", options.branch ?? "main"]);
  const config = join(path, ".git/config");
  writeFileSync(config, `${readFileSync(config, "utf8")}${identity}`);
  const repository = repositoryAt(realpathSync(path), folder);
  if (options.commit === false) repository.write(files);
  else await repository.commit(files, "First");
  return repository;
}

/** The same handle for a checkout that exists already: a clone, a linked worktree. */
export function repositoryAt(path: string, folder: string = dirname(path)): TestRepository {
  const write = (files: Readonly<Record<string, string | Buffer | null>>): void => {
    for (const [name, content] of Object.entries(files)) {
      const file = resolve(path, name);
      if (content === null) {
        rmSync(file, { recursive: true, force: true });
        continue;
      }
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
    }
  };
  return {
    path,
    folder,
    write,
    read: (name) => readFileSync(resolve(path, name), "utf8"),
    commit: async (files = {}, message = "More") => {
      write(files);
      await runGit(path, ["add", "-A"]);
      await runGit(path, ["commit", "--quiet", "--allow-empty", "-m", message]);
      return runGit(path, ["rev-parse", "HEAD"]);
    },
    git: (...args) => runGit(path, args),
    dispose: () => removeAll(folder),
  };
}

const identity = `[user]\n\tname = Uma User\n\temail = uma@example.com\n`;

function removeAll(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EACCES") throw error;
    openFolders(folder);
    rmSync(folder, { recursive: true, force: true });
  }
  made.delete(folder);
}

/** Tests leave folders that nobody may enter; their owner still may open them. */
function openFolders(folder: string): void {
  chmodSync(folder, 0o700);
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) openFolders(join(folder, entry.name));
}

function disposeEverything(): void {
  for (const folder of made) removeAll(folder);
}

if (process.env["VITEST"] === undefined) process.once("exit", disposeEverything);
else (await import("vitest")).afterAll(disposeEverything);
