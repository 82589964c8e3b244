/** Commits of our own making: who wrote them, what they say, which run they belong to. Everything in a message but the
 *  trailers may come from a model, so it must never be able to look like a trailer or an option. */
import { isRunId, isUnitId, type RunId, type Sha, type UnitId } from "../core/id.ts";
import { again } from "./again.ts";
import { type GitPlace, git } from "./git.ts";

export interface Identity {
  readonly name: string;
  readonly email: string;
}

/** Which attempt a commit came from. */
export interface Trailers {
  readonly run: RunId;
  readonly unit?: UnitId;
  readonly attempt?: number;
  readonly worker?: string;
}

export interface CommitRequest {
  readonly tree: Sha;
  readonly parents: readonly Sha[];
  /** As `commitMessage` makes it. */
  readonly message: string;
  /** Author and committer. */
  readonly author: Identity;
  /** Milliseconds since the epoch; now, if absent. */
  readonly date?: number;
}

const ourIdentity: Identity = { name: "Pleach", email: "pleach@localhost" };
const titleCharactersMax = 72;
const bodyCharactersMax = 20_000;
const trailerCharactersMax = 200;

/** The user's git identity (environment, then configuration), or our own where there is none. */
export async function identity(place: GitPlace): Promise<Identity> {
  const { GIT_AUTHOR_NAME, GIT_AUTHOR_EMAIL } = process.env;
  const told = { name: GIT_AUTHOR_NAME ?? "", email: GIT_AUTHOR_EMAIL ?? "" };
  if (isUsable(told)) return told;
  const answer = await git(
    place,
    ["config", "-z", "--get-regexp", "^(user|author)\\.(name|email)$"],
    {
      codes: [0, 1],
    },
  );
  const found: Record<string, string> = {};
  for (const entry of answer.stdout.split("\0")) {
    const end = entry.indexOf("\n");
    if (end !== -1) found[entry.slice(0, end)] = entry.slice(end + 1);
  }
  const known = {
    name: found["author.name"] ?? found["user.name"] ?? "",
    email: found["author.email"] ?? found["user.email"] ?? "",
  };
  return isUsable(known) ? known : ourIdentity;
}

/** Git strips punctuation from both ends of a name and refuses what is empty then. */
function isUsable(who: Identity): boolean {
  const solid = /[^\s.,:;<>"\\'\p{Cc}]/u;
  return solid.test(who.name) && solid.test(who.email);
}

/** Writes a commit object; no hook runs, nothing is signed, no ref moves. */
export async function commitTree(place: GitPlace, request: CommitRequest): Promise<Sha> {
  return (
    (await place.standing?.writeCommit(request.tree, commitText(request))) ?? make(place, request)
  );
}

/** The commit object as `git commit-tree` would write it. */
function commitText({ tree, parents, message, author, date }: CommitRequest): string {
  const seconds = Math.floor((date ?? Date.now()) / 1000);
  const who = `${withoutCrud(author.name)} <${withoutCrud(author.email)}> ${seconds} ${date === undefined ? zone() : "+0000"}`;
  const lines = [
    `tree ${tree}`,
    ...parents.map((parent) => `parent ${parent}`),
    `author ${who}`,
    `committer ${who}`,
  ];
  return `${lines.join("\n")}\n\n${message.endsWith("\n") ? message : `${message}\n`}`;
}

/** What git leaves out of names and addresses, so that nobody can write a header line of their own. */
function withoutCrud(text: string): string {
  return text.replace(/^[\0- .,:;<>"\\']+|[\0- .,:;<>"\\']+$/g, "").replace(/[\n<>]/g, "");
}

/** Such as `+0130`. */
function zone(): string {
  const minutes = -new Date().getTimezoneOffset();
  const part = (value: number) => String(Math.floor(value)).padStart(2, "0");
  const ahead = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${part(ahead / 60)}${part(ahead % 60)}`;
}

async function make(place: GitPlace, request: CommitRequest): Promise<Sha> {
  const parents = request.parents.flatMap((parent) => ["-p", parent]);
  const date = request.date === undefined ? undefined : `@${Math.floor(request.date / 1000)} +0000`;
  const answer = await again(() =>
    git(place, ["commit-tree", ...parents, "-F", "-", request.tree], {
      input: request.message,
      config: ["i18n.commitEncoding=UTF-8"],
      env: {
        GIT_AUTHOR_NAME: request.author.name,
        GIT_AUTHOR_EMAIL: request.author.email,
        GIT_COMMITTER_NAME: request.author.name,
        GIT_COMMITTER_EMAIL: request.author.email,
        ...(date === undefined ? {} : { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date }),
      },
    }),
  );
  return answer.stdout.trim() as Sha;
}

export interface MessageParts {
  /** Untrusted; becomes one line of at most 72 characters. */
  readonly title: string;
  /** Untrusted; only what stands before our trailers. */
  readonly body?: string;
  readonly trailers: Trailers;
}

/** The trailers are always the last paragraph, and alone in it. */
export function commitMessage(parts: MessageParts): string {
  const whole = oneLine(parts.title);
  const title = shorten(whole, titleCharactersMax) || "Untitled work";
  const rest = title === whole ? "" : whole;
  const body = shorten(plainText(parts.body ?? ""), bodyCharactersMax);
  const paragraphs = [title, rest, body, trailerLines(parts.trailers).join("\n")];
  return `${paragraphs.filter((paragraph) => paragraph !== "").join("\n\n")}\n`;
}

function trailerLines(trailers: Trailers): string[] {
  const lines: [string, string | number | undefined][] = [
    ["Pleach-Run", trailers.run],
    ["Pleach-Unit", trailers.unit],
    ["Pleach-Attempt", trailers.attempt],
    ["Pleach-Worker", trailers.worker],
  ];
  return lines.flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}: ${shorten(oneLine(String(value)), trailerCharactersMax)}`],
  );
}

/** What the last paragraph of a commit says of its run; undefined where it is none of ours. */
export async function readTrailers(place: GitPlace, commit: Sha): Promise<Trailers | undefined> {
  const answer = await git(place, ["cat-file", "commit", commit]);
  const start = answer.stdout.indexOf("\n\n");
  return start === -1 ? undefined : parseTrailers(answer.stdout.slice(start + 2));
}

export function parseTrailers(message: string): Trailers | undefined {
  const last = message.trimEnd().split("\n\n").at(-1) ?? "";
  const found = new Map<string, string>();
  for (const line of last.split("\n")) {
    const match = /^Pleach-(Run|Unit|Attempt|Worker): (.+)$/.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined) found.set(match[1], match[2]);
  }
  const run = found.get("Run");
  if (run === undefined || !isRunId(run)) return undefined;
  const unit = found.get("Unit");
  const attempt = Number(found.get("Attempt"));
  const worker = found.get("Worker");
  return {
    run,
    ...(unit !== undefined && isUnitId(unit) ? { unit } : {}),
    ...(Number.isSafeInteger(attempt) && attempt > 0 ? { attempt } : {}),
    ...(worker === undefined ? {} : { worker }),
  };
}

function oneLine(text: string): string {
  return plainText(text).replace(/\s+/g, " ").trim();
}

/** Without control characters, which a commit cannot hold (NUL) or a terminal would obey. */
function plainText(text: string): string {
  return text
    .replace(/\r\n?/g, "\n")
    .replace(/(?![\n\t])[\p{Cc}\p{Bidi_Control}\p{Cs}]/gu, " ")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

function shorten(text: string, charactersMax: number): string {
  const characters = [...text];
  if (characters.length <= charactersMax) return text;
  return `${characters
    .slice(0, charactersMax - 1)
    .join("")
    .trimEnd()}…`;
}
