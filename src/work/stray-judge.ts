/** The ownership gate as the judge of an agent: what its commands changed outside of what its unit owns goes back to it, with
 *  the owner and how to put it back. A few times at most: the gate at the end says the same once more, and that counts. */
import type { Judge } from "../agent/agent-door.ts";
import { fence } from "../agent/fence.ts";
import type { Sha, UnitId } from "../core/id.ts";
import { shown } from "../core/problem.ts";
import type { Change } from "../git/change.ts";
import type { Strays } from "./early-gate.ts";

/** What an agent could not put back in so many tries it never will, such as a file that a check makes anew each time. */
export const strayRoundsMax = 5;
const pathsToldMax = 20;

export interface StrayJudgeParts {
  readonly look: () => Promise<Strays | undefined>;
  readonly base: Sha;
  readonly unit: UnitId;
  readonly ownerOf: (path: string) => UnitId | undefined;
  readonly isProtected: (path: string) => boolean;
}

/** Looks before `inner`, which may take long, and after it, since what it runs may stray as well. */
export function straysJudge(parts: StrayJudgeParts, inner: Judge): Judge {
  let rounds = 0;
  const told = async () => {
    if (rounds >= strayRoundsMax) return undefined;
    const strays = await parts.look();
    if (strays === undefined) return undefined;
    rounds += 1;
    return { type: "again", from: "strays", text: sayStrays(strays, parts) } as const;
  };
  return async (agent, signal) => {
    const before = await told();
    if (before !== undefined) return before;
    const judgement = await inner(agent, signal);
    if (judgement.type !== "good" || signal.aborted) return judgement;
    return (await told()) ?? judgement;
  };
}

function sayStrays({ reason, changes }: Strays, parts: StrayJudgeParts): string {
  const named = changes.slice(0, pathsToldMax).map((change) => `- ${sayStray(change, parts)}`);
  const more = changes.length - named.length;
  const list = [...named, ...(more > 0 ? [`- and ${more} more`] : [])].join("\n");
  return `You are not done: files were changed that your unit ${parts.unit} may not hand in, by a command of yours or by a check. As they are, all of its work will be refused.\n\n${fence(`${reason.message}\n\n${list}`, "what has strayed")}\n\nPut each back as it was, with shell: remove what is new with rm, write back what is changed or gone from its content in ${parts.base}. For a path that nobody owns and your work needs, call claim instead; tell an owner with message what you need of it. It is looked at again when you say that you are done.`;
}

function sayStray({ path, kind }: Change, { base, ownerOf, isProtected }: StrayJudgeParts): string {
  const owner = ownerOf(path);
  const whose = isProtected(path)
    ? "protected"
    : owner === undefined
      ? "owned by no unit"
      : `owned by ${owner}`;
  const back =
    kind === "added"
      ? `rm -r -- ${quoted(path)}`
      : `git show ${base}:${quoted(path)} > ${quoted(path)}`;
  return `${shown(path)} (${kind.replace("_", " ")}, ${whose}): ${back}`;
}

/** As a word of sh. */
function quoted(path: string): string {
  return /^[\w./@%+=-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
