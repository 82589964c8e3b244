/** At a terminal, what becomes of a plan that was shown: run, edit, save or nothing. What is run is the very plan that was looked
 *  at: it goes by a file, and its base is the commit that it was made for. */
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { Failure } from "../core/failure.ts";
import { oneLine } from "../core/text.ts";
import type { PlanPreview } from "../view/preview.ts";
import type { RunRequest } from "./doors.ts";
import { failureText, understand } from "./failure.ts";
import { isPlain, type Surface } from "./surface.ts";

export interface MenuActions {
  /** Saves the plan to this absolute path. */
  save(file: string, preview: PlanPreview): Promise<void>;
  /** Plans again from what the request names, and shows it. */
  show(request: RunRequest): Promise<PlanPreview>;
  run(request: RunRequest): Promise<number>;
  /** Lets the person edit the file; throws where that is not possible. */
  edit(file: string): Promise<void>;
}

const question = "Run it, edit it, save it, or quit? [r/e/s/q] ";
const defaultName = "plan.json";

/** Whether somebody is there who was not told away: never in CI, for a program, or with -y. */
export function mayAsk(surface: Surface, request: RunRequest): boolean {
  const { world, globals } = surface;
  const isAlone = globals.json || globals.quiet || request.yes;
  if (isAlone || world.stdin?.isTTY !== true) return false;
  return !isPlain(surface, world.stdout) && !isPlain(surface, world.stderr);
}

/** The exit code. */
export async function offerPlan(
  surface: Surface,
  shown: { readonly request: RunRequest; readonly preview: PlanPreview },
  actions: MenuActions,
): Promise<number> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "pleach-plan-"));
  const file = path.join(folder, defaultName);
  try {
    await actions.save(file, shown.preview);
    return await choose(surface, { ...shown, file }, actions);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Chosen {
  readonly request: RunRequest;
  readonly preview: PlanPreview;
  /** Where the plan stands that is run or edited. */
  readonly file: string;
}

async function choose(surface: Surface, begun: Chosen, actions: MenuActions): Promise<number> {
  const { stderr } = surface.world;
  let chosen: Chosen = begun;
  /** Until it is mended an edited plan that is wrong can only be edited again, or left. */
  let isWrong = false;
  while (true) {
    const answer = await ask(surface, question);
    const letter = answer?.trim().slice(0, 1).toLowerCase() ?? "q";
    const wanted = isWrong && /[rs]/.test(letter) ? "wrong" : letter;
    switch (wanted) {
      case "q":
        return 0;
      case "r":
        return await actions.run(asPlanned(chosen));
      case "s":
        return await saveAs(surface, chosen, actions);
      case "e": {
        const edited = await editAgain(surface, chosen, actions);
        isWrong = edited === undefined;
        chosen = edited ?? chosen;
        break;
      }
      case "wrong":
        stderr.write("the edited plan is wrong: edit it again, or quit\n");
        break;
      default:
        stderr.write("type r, e, s or q\n");
    }
  }
}

/** The flags that made the plan are in it now; those that say how to work still hold. */
function asPlanned({ request, preview, file }: Chosen): RunRequest {
  const { goal: _, units: __, ...rest } = request;
  const { weights, planning } = preview;
  const shown = {
    ...(weights === undefined ? {} : { weights }),
    ...(planning === undefined ? {} : { spend: planning }),
  };
  return { ...rest, plan: file, files: [], base: preview.base, shown };
}

async function editAgain(
  surface: Surface,
  chosen: Chosen,
  actions: MenuActions,
): Promise<Chosen | undefined> {
  try {
    await actions.edit(chosen.file);
    const preview = await actions.show(asPlanned(chosen));
    return { ...chosen, preview };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    surface.world.stderr.write(failureText(understand(error), surface.globals.verbose));
    return undefined;
  }
}

async function saveAs(surface: Surface, chosen: Chosen, actions: MenuActions): Promise<number> {
  const name = (await ask(surface, `Save as [${defaultName}]: `))?.trim() ?? "";
  const file = path.resolve(surface.where.dir, name === "" ? defaultName : name);
  await actions.save(file, chosen.preview);
  surface.world.stderr.write(`plan saved: ${oneLine(file)}\n`);
  return 0;
}

/** Undefined where the input has come to its end. */
function ask({ world: { stdin, stderr } }: Surface, words: string): Promise<string | undefined> {
  if (stdin === undefined) return Promise.resolve(undefined);
  stderr.write(words);
  // Not as a terminal: Ctrl-C must still end the program.
  const lines = createInterface({ input: stdin, terminal: false });
  return new Promise((resolve) => {
    lines.once("line", (line) => {
      resolve(line);
      lines.close();
      // An open terminal would keep our process alive, and take from the editor what is typed.
      stdin.pause();
    });
    lines.once("close", () => resolve(undefined));
  });
}
