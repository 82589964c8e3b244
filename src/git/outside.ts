/** What the machine did to a git command, where git's words say so; LC_ALL=C keeps them the same everywhere. */
import { statfsSync } from "node:fs";
import { Failure } from "../core/failure.ts";
import { isAbsent } from "../host/file.ts";

interface Outside {
  readonly words: RegExp;
  readonly code: string;
  readonly advice: string;
}

const diskFull = {
  code: "disk_full",
  advice: "free some space, then go on with `pleach resume`",
} as const;

const outsides: readonly Outside[] = [
  { words: /No space left on device|disk quota exceeded|Out of diskspace/i, ...diskFull },
  {
    words: /Permission denied|Read-only file system|insufficient permission/i,
    code: "not_permitted",
    advice: "make the repository and its .git folder writable for you, then try again",
  },
  {
    words:
      /(?:clean|smudge) filter .* failed|filter process .* failed|filter-process.*: not found/i,
    code: "filter_failed",
    advice:
      "see that the program is installed which a filter of your git configuration names (such as git-lfs), then go on with `pleach resume`",
  },
];

/** Of some writes that failed git does not say why; a disk with less than this free is then taken for full. */
const unsaid: Outside = { words: /couldn't write|unable to write|write error/i, ...diskFull };
const freeBytesMin = 64 * 1024 * 1024;

/** A Failure `what: git's line` where it was the machine; undefined where it was not. `folder` lies on the disk that was
 *  written to. */
export function outsideFailure(
  what: string,
  stderr: string,
  facts: { readonly folder: string; readonly details?: Readonly<Record<string, unknown>> },
): Failure | undefined {
  const found =
    outsides.find(({ words }) => words.test(stderr)) ??
    (unsaid.words.test(stderr) && isNearlyFull(facts.folder) ? unsaid : undefined);
  if (found === undefined) return undefined;
  const lines = stderr.trim().split("\n");
  const said = lines.find((line) => found.words.test(line)) ?? lines.at(-1) ?? "";
  return new Failure("environment", found.code, `${what}: ${said}`, {
    advice: found.advice,
    details: { ...facts.details, stderr: stderr.slice(-5000) },
  });
}

function isNearlyFull(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize < freeBytesMin;
  } catch (error) {
    // A folder that is gone tells nothing of its disk.
    if (isAbsent(error)) return false;
    throw error;
  }
}
