/** The contract of every worker, kept by each kind of codemod. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll } from "vitest";
import type { Codemod } from "../../src/core/settings.ts";
import type { Place, Worker } from "../../src/core/worker.ts";
import { detectBubblewrap, type Sandbox } from "../../src/host/sandbox.ts";
import { createCodemodWorker } from "../../src/work/codemod-worker.ts";
import type { WorkPlace } from "../support/work-place.ts";
import { testWorkerContract } from "./worker-contract.ts";

const programs = path.join(import.meta.dirname, "../support/programs");
const node = process.execPath;
const rule =
  "id: rename\nlanguage: ts\nrule: { kind: identifier, regex: ^oldName$ }\nfix: newName\n";
const renaming = 'export default (source) => source.replaceAll("oldName", "newName");';
const failing = "export default () => { throw new Error('one\\ntwo'); };";

const folder = mkdtempSync(path.join(tmpdir(), "pleach-contract-"));
beforeAll(() => {
  writeFileSync(path.join(folder, "renaming.mjs"), renaming);
  writeFileSync(path.join(folder, "failing.mjs"), failing);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Ended with its one attempt, as a run ends it after its last. */
function workerOf(place: WorkPlace, codemod: Codemod, sandbox?: (place: Place) => Sandbox): Worker {
  const worker = createCodemodWorker({
    name: "codemod",
    codemod,
    run: place.run,
    ...(sandbox ? { sandbox } : {}),
  });
  return {
    name: worker.name,
    work: async (...args) => {
      try {
        return await worker.work(...args);
      } finally {
        await worker.close();
      }
    },
  };
}

testWorkerContract({
  name: "a codemod by rule",
  renaming: (place) => workerOf(place, { type: "rule", file: "/rename.yml", text: rule }),
  failing: (place) =>
    workerOf(place, { type: "rule", file: "/rename.yml", text: rule.replace("identifier", "no") }),
});

testWorkerContract({
  name: "a codemod by program",
  renaming: (place) =>
    workerOf(place, { type: "command", command: [node, path.join(programs, "rename.mjs")] }),
  failing: (place) => workerOf(place, { type: "command", command: ["no-such-program"] }),
  running: (place, program) => workerOf(place, { type: "command", command: [node, program] }),
});

const { available } = await detectBubblewrap();
const sandboxOf = ({ checkout, gitDir }: WorkPlace) =>
  available
    ? (place: Place): Sandbox => ({
        writable: [place.worktree, place.exchange],
        protect: [path.join(checkout, ".git"), gitDir, path.join(place.worktree, ".git")],
        network: true,
      })
    : undefined;

testWorkerContract({
  name: `a codemod by module${available ? " in a sandbox" : ""}`,
  renaming: (place) =>
    workerOf(place, { type: "module", file: path.join(folder, "renaming.mjs") }, sandboxOf(place)),
  failing: (place) =>
    workerOf(place, { type: "module", file: path.join(folder, "failing.mjs") }, sandboxOf(place)),
});
