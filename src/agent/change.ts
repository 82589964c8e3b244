/** The rules of changing a file that all tools share: the unit must own it, and the agent must have seen what it changes. */
import { shown } from "../core/problem.ts";
import { refuse } from "./refusal.ts";
import type { Workplace } from "./tool.ts";
import type { FileContent } from "./worktree-file.ts";
import { type FilePlace, placeIn } from "./worktree-path.ts";

/** The place of a path that the unit may change; refuses all others, naming the owner. */
export async function changeable(
  workplace: Workplace,
  said: string,
  lastLink: "follow" | "itself" = "follow",
): Promise<FilePlace> {
  const place = await entryPlace(workplace, said, lastLink);
  requireRight(workplace, place.path);
  return place;
}

/** Any place but the worktree's root. */
export async function entryPlace(
  workplace: Workplace,
  said: string,
  lastLink: "follow" | "itself",
): Promise<FilePlace> {
  const place = await placeIn(workplace.worktree, said, { lastLink });
  if (place.path === "") refuse("that is the worktree itself, not a file in it");
  return place;
}

export function requireRight(workplace: Workplace, path: string): void {
  const right = workplace.mayChange(path);
  if (right.type === "yes") return;
  const name = shown(path);
  if (right.isProtected) {
    refuse(
      `${name} is protected by the configuration and stays as it is: find a way without it, or say with message why it must change`,
    );
  }
  if (right.owner !== undefined) {
    refuse(
      `${name} belongs to the unit ${right.owner}: say with message to ${right.owner} what you need there, or find a way without it`,
    );
  }
  refuse(`${name} is not among what this unit owns: ask for it with claim, then try again`);
}

/** Refuses where the agent does not know the content that is there now. */
export function requireKnown(
  workplace: Workplace,
  place: FilePlace,
  content: FileContent,
  seen: "whole" | "any part",
): void {
  const name = shown(place.path);
  const acquaintance = workplace.files.acquaintance(place.path, content.bytes);
  if (acquaintance === "changed") {
    refuse(`${name} has changed since you read it: read it again, then decide anew`);
  }
  if (acquaintance === "unread") {
    refuse(`${name} is there already and you have not read it: read it first`);
  }
  if (acquaintance === "read_in_part" && seen === "whole") {
    refuse(`you have read only a part of ${name}: read all of it first, or use edit`);
  }
}
