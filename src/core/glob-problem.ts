/** Why a glob may not stand in a plan or config: it leaves the repository, reaches into git's or a submodule's files, or
 *  cannot be read. */
import { parseGlob, unescapeGlob } from "./glob.ts";
import { isException } from "./ownership.ts";
import { type Problem, quoted } from "./problem.ts";

type Wrong = Pick<Problem, "message" | "advice">;

/** `submodules` are paths at the plan's base. An exception may name what a unit must not touch. */
export function invalidPath(entry: string, submodules: ReadonlySet<string>): Wrong | undefined {
  const glob = isException(entry) ? entry.slice(1) : entry;
  const spelling = wrongSpelling(glob);
  if (spelling) return spelling;
  const parsed = parseGlob(glob);
  if (parsed.type === "invalid") return { message: `${quoted(entry)} ${parsed.why}` };
  const relative = glob.startsWith("./") ? glob.slice(2) : glob;
  for (const text of new Set([relative, ...parsed.texts])) {
    const wrong = wrongPlace(entry, text, submodules);
    if (wrong) return wrong;
  }
  return undefined;
}

function wrongSpelling(glob: string): Wrong | undefined {
  const shown = quoted(glob);
  if (glob.replace(/\\[*?[\]{}()!+@|"\\,]/g, "").includes("\\")) {
    return { message: `${shown} has a \\`, advice: "write / between folders" };
  }
  if (/^(?:\/|[A-Za-z]:(?:\/|$)|~\/)/.test(glob)) {
    return { message: `${shown} is absolute`, advice: "paths begin at the repository's root" };
  }
  return undefined;
}

function wrongPlace(
  entry: string,
  text: string,
  submodules: ReadonlySet<string>,
): Wrong | undefined {
  const shown = quoted(entry);
  const parts = text.split("/").map(unescapeGlob);
  if (parts.includes("..")) return { message: `${shown} leaves the repository` };
  if (parts.at(-1) === "" && parts.length > 1) {
    return {
      message: `${shown} ends in a /`,
      advice: `write ${quoted(`${text}**`)} for all files of a folder`,
    };
  }
  if (parts.includes("") || parts.includes(".")) {
    return { message: `${shown} has an empty part or a dot`, advice: "write the plain path" };
  }
  if (isException(entry)) return undefined;
  if (parts.some((part) => /^(?:\.git[. ]*|git~1)$/i.test(part))) {
    return { message: `${shown} names .git`, advice: "no unit may change git's own files" };
  }
  const closed = parts
    .map((_, at) => parts.slice(0, at + 1).join("/"))
    .find((path) => submodules.has(path));
  if (closed !== undefined) {
    return {
      message: `${shown} lies in the submodule ${quoted(closed)}`,
      advice: "a run changes one repository: plan the submodule by itself",
    };
  }
  return undefined;
}
