/** `patch`: a unified diff over several files, all of it or nothing. */
import * as z from "zod";
import { shown } from "../../core/problem.ts";
import { changeable, requireKnown } from "../change.ts";
import { type FilePatch, parseFilePatches, patched } from "../patch-text.ts";
import { answering, refuse } from "../refusal.ts";
import { textOf } from "../text-content.ts";
import { type Tool, type ToolResult, tool, type Workplace } from "../tool.ts";
import { type FileContent, readContent, removeEntry, writeContent } from "../worktree-file.ts";
import type { FilePlace } from "../worktree-path.ts";

const patchCharsMax = 1_000_000;

const shape = z.strictObject({
  patch: z.string().min(1).max(patchCharsMax).describe("A unified diff, with --- and +++ lines"),
});

export function patchTool(workplace: Workplace): Tool {
  return tool({
    name: "patch",
    description:
      "Applies a unified diff to files that you have read; /dev/null as the old name makes a file, as the new name removes it. Lines of context may have moved a little. If one part does not fit, nothing is changed.",
    shape,
    effect: "changes",
    call: (given, signal) => answering(signal, () => patch(workplace, given.patch, signal)),
  });
}

/** A file as it was, and as it is to be; undefined where it is not there. */
interface Step {
  readonly place: FilePlace;
  readonly before: FileContent | undefined;
  after: FileContent | undefined;
}

type Steps = Map<string, Step>;

async function patch(workplace: Workplace, text: string, signal: AbortSignal): Promise<ToolResult> {
  const patches = await parseFilePatches(text);
  const places = new Map<string, FilePlace>();
  for (const said of patches.flatMap(({ from, to }) => [from ?? [], to ?? []].flat())) {
    if (!places.has(said)) places.set(said, await changeable(workplace, said));
  }
  const paths = [...places.values()].map((place) => place.path);
  return workplace.locks.hold(paths, signal, async () => {
    const steps: Steps = new Map();
    for (const one of patches) await plan(workplace, one, places, steps);
    await perform(workplace, [...steps.values()]);
    const told = [...steps.values()].map(describe);
    return { type: "done", text: told.join("\n") };
  });
}

async function plan(
  workplace: Workplace,
  { from, to, mode, patch }: FilePatch,
  places: ReadonlyMap<string, FilePlace>,
  steps: Steps,
): Promise<void> {
  const source = from === undefined ? undefined : await stepOf(workplace, places, from, steps);
  const target = to === undefined ? undefined : await stepOf(workplace, places, to, steps);
  if (source !== undefined && source.after === undefined) {
    refuse(`there is no file ${shown(source.place.path)}; nothing is changed`);
  }
  if (target !== undefined && target !== source && target.after !== undefined) {
    refuse(`${shown(target.place.path)} is there already; nothing is changed`);
  }
  const name = shown((source ?? target)?.place.path ?? "");
  const old = source?.after === undefined ? "" : textOf(source.place.path, source.after.bytes);
  const text = await patched(old, patch);
  if (text === undefined) {
    return refuse(
      `the patch does not fit ${name}: read the file again and make the patch from what is there, or use edit; nothing is changed`,
    );
  }
  if (target === undefined && text !== "") {
    refuse(`the patch removes ${name} but not all of its lines; nothing is changed`);
  }
  const bits = mode ?? source?.after?.mode ?? 0o666 & ~process.umask();
  if (source !== undefined) source.after = undefined;
  if (target !== undefined) target.after = { bytes: Buffer.from(text), mode: bits };
}

async function stepOf(
  workplace: Workplace,
  places: ReadonlyMap<string, FilePlace>,
  said: string,
  steps: Steps,
): Promise<Step> {
  const place = places.get(said) ?? (await changeable(workplace, said));
  const known = steps.get(place.path);
  if (known) return known;
  const before = await readContent(place);
  if (before !== undefined) requireKnown(workplace, place, before, "any part");
  const step: Step = { place, before, after: before };
  steps.set(place.path, step);
  return step;
}

/** If one file cannot be written, those before it become again what they were. */
async function perform(workplace: Workplace, steps: readonly Step[]): Promise<void> {
  const done: Step[] = [];
  try {
    for (const step of steps) {
      await put(workplace, step.place, step.after, step.before);
      done.push(step);
    }
  } catch (error) {
    for (const step of done.reverse()) await put(workplace, step.place, step.before, step.after);
    throw error;
  }
  for (const { place, after } of steps) {
    if (after === undefined) workplace.files.forget(place.path);
    else workplace.files.saw(place.path, after.bytes);
  }
}

async function put(
  workplace: Workplace,
  place: FilePlace,
  content: FileContent | undefined,
  instead: FileContent | undefined,
): Promise<void> {
  if (content !== undefined) await writeContent(place, content, workplace.outputs);
  else if (instead !== undefined) await removeEntry(place);
}

function describe({ place, before, after }: Step): string {
  const did = before === undefined ? "is made" : after === undefined ? "is removed" : "is changed";
  return `${shown(place.path)} ${did}`;
}
