/** A model worker let loose in a folder of real files, with a scripted model and a desk of its own. */
import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { onTestFinished } from "vitest";
import { readBuiltInRoles } from "../../src/agent/roles/built-in.ts";
import { Roster, type RosterLimits } from "../../src/agent/roster.ts";
import { rulingOf } from "../../src/agent/ruling.ts";
import type { ModelAccess } from "../../src/agent/surroundings.ts";
import { transcriptFile } from "../../src/agent/transcript.ts";
import type { TranscriptLine } from "../../src/agent/transcript-line.ts";
import type { Glob, UnitId } from "../../src/core/id.ts";
import type { PolicyRule } from "../../src/core/policy.ts";
import type { Assignment, Worker, WorkOutcome } from "../../src/core/worker.ts";
import { ModelLane } from "../../src/host/model-lane.ts";
import { createModelWorker, type ModelWorkerOptions } from "../../src/work/model-worker.ts";
import { type DeskFacts, makeDesk, type TestDesk } from "./desk.ts";
import { type Script, type ScriptedModel, scriptedModel } from "./scripted-model.ts";
import { makePlainPlace, type PlainPlace } from "./work-place.ts";

export interface AgentSceneOptions extends DeskFacts {
  readonly files?: Readonly<Record<string, string>>;
  readonly limits?: Partial<RosterLimits>;
  readonly rules?: readonly PolicyRule[];
  readonly worker?: Partial<ModelWorkerOptions>;
  readonly access?: Partial<ModelAccess>;
}

export interface AgentScene {
  readonly place: PlainPlace;
  readonly desk: TestDesk;
  readonly model: ScriptedModel;
  readonly roster: Roster;
  readonly worker: Worker;
  work(facts?: Partial<Assignment>, signal?: AbortSignal): Promise<WorkOutcome>;
  file(name: string): string;
  /** A person answers the oldest question that is open. */
  answer(answer: "approved" | "denied", text?: string): void;
  transcript(agent: string): readonly TranscriptLine[];
}

export const defaultLimits: RosterLimits = {
  agents: 8,
  agentsPerParent: 5,
  agentsPerRun: 50,
  depth: 3,
};

export async function agentScene(
  script: Script,
  options: AgentSceneOptions = {},
): Promise<AgentScene> {
  const place = makePlainPlace(options.files ?? { "a.txt": "one\n" });
  onTestFinished(() => place.remove());
  const roster = new Roster({ ...defaultLimits, ...options.limits });
  return sceneIn(place, script, { ...options, roster });
}

/** In a place that there is already: a later process goes on in it. */
export async function sceneIn(
  place: PlainPlace,
  script: Script,
  options: AgentSceneOptions & { readonly roster?: Roster; readonly desk?: TestDesk } = {},
): Promise<AgentScene> {
  const model = scriptedModel(script);
  const desk = options.desk ?? makeDesk(options);
  const roster = options.roster ?? new Roster({ ...defaultLimits, ...options.limits });
  mkdirSync(place.record, { recursive: true });
  const access = { window: 100_000, outputTokensMax: 1000, ...options.access };
  const worker = createModelWorker({
    name: "scripted",
    modelOf: () => ({ model, lane: new ModelLane(), ...access }),
    roster,
    roles: await readBuiltInRoles(),
    turnsMax: 30,
    agentTimeoutMs: 600_000,
    agentBudget: {},
    decide: (question) => rulingOf(options.rules ?? [], question),
    shell: { network: false, timeoutMs: 20_000, caches: [] },
    ownerOf: () => undefined as UnitId | undefined,
    isProtected: () => false,
    conventionsOf: async () => [],
    redact: (text) => text,
    now: () => 1_000,
    ...options.worker,
  });
  return {
    ...{ place, desk, model, roster, worker },
    work: (facts = {}, signal = new AbortController().signal) =>
      worker.work(
        place.assignment({ agents: [], owns: ["**" as Glob], ...facts }),
        place,
        desk,
        signal,
      ),
    file: (name) => readFileSync(path.join(place.worktree, name), "utf8"),
    answer: (answer, text) => {
      const open = desk.state().approvals.find((one) => one.answer === undefined);
      if (open === undefined) throw new Error("nothing is asked");
      desk.request({ type: "answer", id: open.id, answer, ...(text ? { text } : {}) });
    },
    transcript: (agent) => linesOf(transcriptFile(path.join(place.record, "agents"), agent)),
  };
}

function linesOf(file: string): readonly TranscriptLine[] {
  const texts = readFileSync(file, "utf8").split("\n").slice(0, -1);
  return texts.map((text) => JSON.parse(text) as TranscriptLine);
}

type Line<T extends TranscriptLine["type"]> = Extract<TranscriptLine, { type: T }>;

/** The lines of one kind. */
export function transcriptLines<T extends TranscriptLine["type"]>(
  scene: AgentScene,
  agent: string,
  type: T,
): readonly Line<T>[] {
  return scene.transcript(agent).filter((line): line is Line<T> => line.type === type);
}
