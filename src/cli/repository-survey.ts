/** What is in the repository, for whoever plans: asked at most once for a command, and not at all of more files than can be read
 *  while a person waits. */
import path from "node:path";
import type { Sha } from "../core/id.ts";
import type { Survey } from "../core/survey.ts";
import type { Repository } from "../git/repository.ts";
import { stateHome } from "../host/file.ts";

/** Beyond this, files are grouped by folder. */
const surveyedFilesMax = 200_000;

export interface SurveyDoor {
  /** Undefined where there are too many files. */
  survey(): Promise<Survey | undefined>;
}

export function surveyDoor(
  repository: Repository,
  base: Sha,
  entries: readonly unknown[],
): SurveyDoor {
  let asked: Promise<Survey | undefined> | undefined;
  return {
    survey: () => {
      asked ??=
        entries.length > surveyedFilesMax ? Promise.resolve(undefined) : read(repository, base);
      return asked;
    },
  };
}

async function read(repository: Repository, base: Sha): Promise<Survey> {
  const { surveyCommit } = await import("../survey/survey.ts");
  const cacheFolder = path.join(stateHome(), "survey", repository.name);
  const signal = new AbortController().signal;
  return surveyCommit({ home: repository, base, cacheFolder, signal });
}
