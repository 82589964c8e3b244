/** Surveys of repositories made for a test, with a cache of their own. */
import path from "node:path";
import type { Sha } from "../../src/core/id.ts";
import type { Survey } from "../../src/core/survey.ts";
import { openRepository } from "../../src/git/repository.ts";
import { type SurveyRequest, surveyCommit } from "../../src/survey/survey.ts";
import { makeRepository, type TestRepository } from "./repository.ts";

export interface SurveyOptions {
  /** A commit; HEAD if absent. */
  readonly base?: string;
  readonly signal?: AbortSignal;
}

export async function surveyOf(
  repository: TestRepository,
  options: SurveyOptions = {},
): Promise<Survey> {
  return surveyCommit(await surveyRequest(repository, options));
}

export async function surveyRequest(
  repository: TestRepository,
  options: SurveyOptions = {},
): Promise<SurveyRequest> {
  return {
    home: await openRepository(repository.path),
    base: (options.base ?? (await repository.git("rev-parse", "HEAD"))) as Sha,
    cacheFolder: cacheFolderOf(repository),
    signal: options.signal ?? new AbortController().signal,
  };
}

export async function surveyFiles(
  files: Readonly<Record<string, string | Buffer>>,
): Promise<Survey> {
  return surveyOf(await makeRepository(files));
}

export function cacheFolderOf(repository: TestRepository): string {
  return path.join(repository.folder, "cache");
}

/** `from → to kind names`, for comparing whole graphs at a glance. */
export function edgeLines({ imports }: Survey): readonly string[] {
  return imports.map(({ from, to, kind, names }) => {
    return `${from} → ${to} ${kind}${names.length === 0 ? "" : ` ${names.join(",")}`}`;
  });
}
