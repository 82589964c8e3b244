/** A candidate: what the integration branch would be with one more head in it, made in memory as git would make it. It touches no
 *  worktree and moves no branch; a ref of ours keeps the commit from the user's garbage collection until it was verified. */
import type { MergeSubject, RunEvent } from "../core/event.ts";
import { Failure } from "../core/failure.ts";
import { candidateRef, integrationRef, type Sha } from "../core/id.ts";
import { unitPositions } from "../core/plan.ts";
import type { RunState } from "../core/run.ts";
import { again } from "../git/again.ts";
import { commitMessage, commitTree, type Identity, type MessageParts } from "../git/commit.ts";
import { mergeInMemory } from "../git/merge.ts";
import { isKept } from "../git/pruning.ts";
import { putRef, readRef, updateRefs } from "../git/ref.ts";
import type { Repository } from "../git/repository.ts";

export interface MergeRequest {
  readonly subject: MergeSubject;
  readonly onto: Sha;
  readonly head: Sha;
}

/** Answers with candidate-made, or with the conflict that git sees. */
export async function makeCandidate(
  repository: Repository,
  author: Identity,
  state: RunState,
  { subject, onto, head }: MergeRequest,
): Promise<RunEvent> {
  const place = { gitDir: repository.commonDir, standing: repository.standing };
  const message = commitMessage(messageOf(state, subject));
  // The last candidate, if it was verified, is what this one goes onto.
  const likely = onto === state.plan.base ? null : onto;
  // Until the ref holds them, a garbage collection may take the objects.
  return again(async () => {
    const verdict = await mergeInMemory(place, { onto, head });
    if (verdict.type === "conflict") {
      const { paths, message } = verdict;
      return { type: "merge-finished", subject, outcome: { type: "conflict", paths, message } };
    }
    const { tree } = verdict;
    const commit = await commitTree(place, { tree, parents: [onto, head], message, author });
    await putRef(repository, { ref: candidateRef(state.run), new: commit, likely });
    if (!(await isKept(repository, { from: onto, to: commit, plain: true }))) throw lost(commit);
    return { type: "candidate-made", subject, commit, tree };
  });
}

function lost(commit: Sha): Failure {
  return new Failure("repository", "objects_lost", `objects of the candidate ${commit} vanished`, {
    advice: "stop the `git prune` that runs beside us, then `pleach resume`",
  });
}

function messageOf(state: RunState, subject: MergeSubject): MessageParts {
  const { run, settings, plan } = state;
  if (subject.type === "target") {
    const branch = settings.target.replace("refs/heads/", "");
    return { title: `Merge what came to ${branch} meanwhile`, trailers: { run } };
  }
  const position = unitPositions(plan.units).get(subject.unit) ?? -1;
  const unit = plan.units[position];
  const worker = unit?.worker ?? settings.worker;
  const { unit: id, attempt } = subject;
  return {
    title: unit?.title || id,
    body: [plan.goal, state.units[position]?.summary ?? ""].filter(Boolean).join("\n\n"),
    trailers: { run, unit: id, attempt, worker },
  };
}

/** Moves the integration branch to a verified candidate; one that it is at already was moved before a crash. */
export async function advance(
  repository: Repository,
  state: RunState,
  { subject, onto, commit }: { subject: MergeSubject; onto: Sha; commit: Sha },
): Promise<RunEvent> {
  const ref = integrationRef(state.run);
  const merged: RunEvent = { type: "merge-finished", subject, outcome: { type: "merged", commit } };
  const moved = await updateRefs(repository, [{ ref, new: commit, old: onto }]);
  if (moved.type === "moved") return merged;
  if ((await readRef(repository, ref)) === commit) return merged;
  throw notOurs(ref);
}

function notOurs(ref: string): Failure {
  return new Failure("repository", "ref_moved", `${ref} was moved by somebody else`, {
    advice: "put it back where it was (git reflog shows it), then go on with `pleach resume`",
  });
}
