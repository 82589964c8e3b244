/** What must be so after every run, seen from outside: by git, by the journal and by the machine, never by our own code. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { JournalLine, RunEvent } from "../../src/core/event.ts";
import type { FinalDocument } from "../../src/view/document.ts";
import { leftovers, runGit } from "./repository.ts";
import { runningWith } from "./scratch.ts";

interface Place {
  readonly checkout: string;
  readonly stateHome: string;
}

/** Each broken promise in words; none is the good answer. */
export async function brokenPromises(place: Place, document: FinalDocument): Promise<string[]> {
  const common = await commonDir(place);
  const file = path.join(common, "pleach/runs", document.run, "journal.jsonl");
  const lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
  const events = lines.map((line) => (JSON.parse(line) as JournalLine).event);
  const ended = events.some(({ type }) => type === "run-finished");
  const finished = ended && document.error === undefined;
  return [
    ...(await unverified(place, document, events)),
    ...(await movedWrongly(place, document, events)),
    ...(await mergedWrongly(place, document, events)),
    ...(await lost(place, document)),
    ...(finished ? await left(place, common, document) : []),
  ];
}

/** P3: every commit of the integration branch and of the target is a tree on which every check ended and passed. */
async function unverified(
  place: Place,
  document: FinalDocument,
  events: readonly RunEvent[],
): Promise<string[]> {
  const started = events.find((event) => event.type === "run-started");
  if (started?.type !== "run-started") return ["the journal has no beginning"];
  const checks = started.settings.checks.map(({ name }) => name);
  const line = await git(place, [
    "log",
    "--first-parent",
    "--format=%H %T",
    `${document.base}..${document.integration}`,
  ]);
  const tips = [document.integration, ...(document.landed === null ? [] : [document.landed])];
  const found = tips.flatMap((tip) =>
    tip === document.base || line.includes(tip) ? [] : [`${tip} is not on the verified line`],
  );
  for (const [commit = "", tree = ""] of line
    .split("\n")
    .filter(Boolean)
    .map((one) => one.split(" "))) {
    const made = events.findIndex(
      (event) => event.type === "candidate-made" && event.commit === commit && event.tree === tree,
    );
    const merged = events.findIndex(
      (event) =>
        event.type === "merge-finished" &&
        event.outcome.type === "merged" &&
        event.outcome.commit === commit,
    );
    if (made < 0 || merged < made) found.push(`${commit} was merged without a candidate`);
    const passed = events
      .slice(made, merged)
      .flatMap((event) =>
        event.type === "check-finished" && event.commit === commit && event.result.passed
          ? [event.result.name]
          : [],
      );
    for (const check of checks)
      if (!passed.includes(check)) found.push(`${check} did not pass on ${commit}`);
  }
  return found;
}

/** P2: the target moved at most once, from the commit that the journal names, to the verified one. */
async function movedWrongly(
  place: Place,
  document: FinalDocument,
  events: readonly RunEvent[],
): Promise<string[]> {
  const landings = events.filter((event) => event.type === "landed");
  if (landings.length === 0) return [];
  const log = path.join(await commonDir(place), "logs/refs/heads", document.target);
  const entries = readFileSync(log, "utf8").split("\n");
  const [from = "", to = ""] =
    entries.find((entry) => entry.includes(document.run))?.split(" ") ?? [];
  const named = landings.some(
    (event) => event.type === "landed" && event.old === from && event.new === to,
  );
  const found = named ? [] : [`the target went ${from}..${to}, which the journal does not say`];
  return (await isAncestor(place, from, to)) ? found : [...found, `${to} does not contain ${from}`];
}

/** P5: a unit is merged if and only if its merge is in the integration branch; once, and once more for each time that somebody
 *  spoke to it after its end. */
async function mergedWrongly(
  place: Place,
  document: FinalDocument,
  events: readonly RunEvent[],
): Promise<string[]> {
  const history = await git(place, [
    "log",
    "--first-parent",
    "--format=%H%x00%B%x01",
    `${document.base}..${document.integration}`,
  ]);
  return document.units.flatMap(({ id, status, commit }) => {
    const times = history.split("\n").filter((line) => line === `Pleach-Unit: ${id}`).length;
    const { length: again } = events.filter(
      (event) => event.type === "message-sent" && event.reopens === true && event.unit === id,
    );
    if (times > 1 + again) return [`${id} was merged ${times} times`];
    const isMerged = commit !== null && history.includes(commit);
    return (status === "merged") === isMerged || commit === null
      ? []
      : [`${id} is ${status}, and its merge is ${isMerged ? "" : "not "}there`];
  });
}

/** Work that did not land is still reachable where it changed anything. */
async function lost(place: Place, document: FinalDocument): Promise<string[]> {
  const refs = await git(place, [
    "for-each-ref",
    "--format=%(refname)",
    `refs/pleach/${document.run}/`,
  ]);
  return document.units
    .filter(({ changed, id }) => changed.length > 0 && !refs.includes(`/${document.run}/${id}/`))
    .map(({ id }) => `the work of ${id} has no snapshot`);
}

/** P7: worktree, admin entry, lock, process, temporary ref. */
async function left(place: Place, common: string, document: FinalDocument): Promise<string[]> {
  const { run } = document;
  const merged = document.landed !== null;
  const unmerged = document.units.filter(({ status }) => status !== "merged");
  const branches = merged
    ? unmerged.map(({ id }) => `refs/heads/pleach/${run}/${id}`)
    : [`refs/heads/pleach/${run}/`];
  const found = await leftovers(place.checkout, [`refs/pleach/${run}/`, ...branches]);
  const folders = ["worktrees", "exchange"].flatMap((name) =>
    namesBelow(path.join(place.stateHome, name), 2),
  );
  return [
    ...found.filter((one) => !one.startsWith("ref ") || one.includes(`/${run}/`)),
    ...folders.filter((name) => name.endsWith(run)).map((name) => `folder ${name}`),
    ...["pleach/runner", "gc.pid"].filter((name) => existsSync(path.join(common, name))),
    ...runningWith(`PLEACH_RUN=${run}`).map((pid) => `process ${pid}`),
  ];
}

function namesBelow(folder: string, depth: number): string[] {
  if (depth === 0 || !existsSync(folder)) return [folder];
  return readdirSync(folder).flatMap((name) => namesBelow(path.join(folder, name), depth - 1));
}

async function isAncestor(place: Place, older: string, newer: string): Promise<boolean> {
  return (await git(place, ["rev-list", "--count", `${newer}..${older}`])) === "0";
}

async function commonDir(place: Place): Promise<string> {
  return git(place, ["rev-parse", "--path-format=absolute", "--git-common-dir"]);
}

function git({ checkout }: Place, args: readonly string[]): Promise<string> {
  return runGit(checkout, ["-c", "core.fsmonitor=false", ...args]);
}
