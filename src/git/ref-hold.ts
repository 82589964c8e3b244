/** A ref held still: git has locked it and verified where it is, and moves it or lets it go when we say so. Meanwhile nobody
 *  else can move it, so that a checkout can be brought along first. If we die, git sees its input end and lets it go. */
import type { RefName, Sha } from "../core/id.ts";
import { Conversation } from "./conversation.ts";
import { type GitPlace, startGit } from "./git.ts";
import { outsideFailure } from "./outside.ts";
import { readRef } from "./ref.ts";

export interface RefMove {
  readonly ref: RefName;
  readonly old: Sha;
  readonly new: Sha;
  /** For the reflog: one line. */
  readonly message: string;
}

export interface HeldRef {
  readonly type: "held";
  /** Moves the ref. Answers what git complains of where it could not write it. */
  commit(): Promise<string | undefined>;
  /** Lets go without a move; nothing after a commit. */
  release(): Promise<void>;
}

export type RefHold =
  | HeldRef
  | { readonly type: "stale"; readonly tip: Sha | null }
  | { readonly type: "busy"; readonly message: string };

/** `place` is the worktree that has the ref checked out, so that its HEAD gets a reflog entry too. */
export async function holdRef(place: GitPlace, move: RefMove): Promise<RefHold> {
  const child = startGit(place, ["update-ref", "-m", oneLine(move.message), "--stdin", "-z"], {
    conversation: true,
  });
  const talk = new Conversation(child);
  talk.say("start\0");
  talk.say(`option no-deref\0update ${move.ref}\0${move.new}\0${move.old}\0`);
  talk.say("prepare\0");
  if ((await talk.hears("prepare: ok\n")) !== undefined) {
    return {
      type: "held",
      commit: async () => {
        talk.say("commit\0");
        return (await talk.ends()) === 0 ? undefined : oneLine(talk.complaint) || "no reason given";
      },
      release: async () => {
        talk.say("abort\0");
        await talk.ends();
      },
    };
  }
  await talk.ends();
  const tip = (await readRef({ commonDir: place.gitDir }, move.ref)) ?? null;
  if (tip !== move.old) return { type: "stale", tip };
  const outside = outsideFailure(`${move.ref} cannot be moved`, talk.complaint, {
    folder: place.gitDir,
  });
  if (outside !== undefined) throw outside;
  return { type: "busy", message: oneLine(talk.complaint) || `${move.ref} is locked` };
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
