/** A branch that is checked out, and a commit that it is to move to. */
import { lstatSync } from "node:fs";
import { join } from "node:path";
import type { RefName, Sha } from "../../src/core/id.ts";
import type { Move } from "../../src/git/landing.ts";
import type { RefHome } from "../../src/git/ref.ts";
import { makeRepository, type TestRepository } from "./repository.ts";

export interface MoveScene {
  readonly repository: TestRepository;
  readonly home: RefHome;
  readonly move: Move;
}

type Files = Readonly<Record<string, string | null>>;

/** `before` is checked out on main; `after` are the changes of a commit that main may move to. */
export async function makeMove(
  before: Readonly<Record<string, string>>,
  after: Files,
): Promise<MoveScene> {
  const repository = await makeRepository(before);
  const old = (await repository.git("rev-parse", "HEAD")) as Sha;
  await repository.git("checkout", "--quiet", "-b", "work");
  for (const [path, content] of Object.entries(after))
    if (content === null) repository.write({ [path]: null });
    else if (isFolder(join(repository.path, path))) repository.write({ [path]: null });
  const next = (await repository.commit(after, "Work")) as Sha;
  await repository.git("checkout", "--quiet", "main");
  const move = {
    target: "refs/heads/main" as RefName,
    old,
    new: next,
    message: "pleach 20260101-1200-aaaa: land",
  };
  return { repository, home: { commonDir: join(repository.path, ".git") }, move };
}

function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** What tells a file that was rewritten: its inode and its time. */
export function identityOf(repository: TestRepository, path: string): string {
  const facts = lstatSync(join(repository.path, path), { bigint: true });
  return `${facts.ino} ${facts.mtimeNs}`;
}
