/** interim */
import type { RefName, RepoPath, Sha } from "../core/id.ts";
import { commitTree, type Identity } from "./commit.ts";
import { git, zeroSeparated } from "./git.ts";
import { updateRefs } from "./ref.ts";
import type { Repository } from "./repository.ts";
import type { Slot } from "./slot.ts";

export interface Change {
  readonly path: RepoPath;
  readonly kind: "added" | "deleted" | "modified" | "type_changed";
  readonly oldMode: string;
  readonly newMode: string;
  readonly oid: Sha;
}
export interface SnapshotRequest {
  readonly slot: Slot;
  readonly repository: Repository;
  readonly base: Sha;
  readonly ref: RefName;
  readonly author: Identity;
  readonly message: string;
  readonly made: readonly string[];
  readonly leftFolder: string;
}
export interface Snapshot {
  readonly changed: readonly Change[];
  readonly changeTree: Sha;
  readonly commit?: Sha;
  readonly plain?: Sha;
  readonly message: string;
  readonly left: readonly string[];
  readonly linkTarget: (change: Change) => string | undefined;
}
export async function takeSnapshot(r: SnapshotRequest): Promise<Snapshot> {
  const place = { ...r.slot.gitPlace };
  const names = { A: "added", D: "deleted", M: "modified", T: "type_changed" } as const;
  await git(place, ["add", "-A", "--sparse"]);
  const tree = (await git(place, ["write-tree"])).stdout.trim() as Sha;
  const out = zeroSeparated(
    (await git(place, ["diff-tree", "-r", "-z", "--no-renames", r.base, tree])).stdout,
  );
  const changed: Change[] = [];
  for (let i = 0; i + 1 < out.length; i += 2) {
    const [oldMode = "", newMode = "", , oid = "", kind = "M"] = (out[i] ?? "").slice(1).split(" ");
    changed.push({
      path: out[i + 1] as RepoPath,
      kind: names[kind as "A"],
      oldMode,
      newMode,
      oid: oid as Sha,
    });
  }
  const facts = {
    changed,
    changeTree: tree,
    message: r.message,
    left: [],
    linkTarget: () => undefined,
  };
  if (changed.length === 0) return facts;
  const commit = await commitTree(
    { gitDir: r.repository.commonDir },
    { tree, parents: [r.base], message: r.message, author: r.author },
  );
  await updateRefs(r.repository, [{ ref: r.ref, new: commit, old: null }]);
  return { ...facts, commit, plain: commit };
}
