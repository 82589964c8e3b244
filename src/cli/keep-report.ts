/** The report that stays in the run's folder: what anybody finds there later, also without Pleach. */
import path from "node:path";
import type { RunId } from "../core/id.ts";
import type { Repository } from "../git/repository.ts";
import { writeAtomically } from "../host/file.ts";
import { runFolder } from "../run/folder.ts";
import { foldJournal, readJournal } from "../run/journal.ts";
import { reportMarkdown } from "../view/report.ts";

/** Writes `report.md` anew from the journal; a run that has none yet has no report. */
export async function keepReport(
  repository: Repository,
  stateHome: string,
  run: RunId,
): Promise<void> {
  const { root, journal } = runFolder(repository, stateHome, run);
  const text = await readJournal(journal);
  if (text === undefined) return;
  const state = foldJournal(journal, text.lines);
  const report = reportMarkdown(state, text.lines, { alive: false, folder: root });
  await writeAtomically(path.join(root, "report.md"), report);
}
