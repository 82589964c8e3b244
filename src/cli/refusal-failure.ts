/** A move of the target that was refused, said as the error that it is. It reads the state alone. */
import { Failure } from "../core/failure.ts";
import type { RunState } from "../core/run.ts";
import { shortName } from "../view/document.ts";
import { landingSteps } from "../view/landing.ts";

/** Undefined where nothing was refused. */
export function refusalFailure(state: RunState): Failure | undefined {
  const { landing } = state;
  if (landing.phase !== "refused" && landing.phase !== "undo_refused") return undefined;
  const { type, message, paths } = landing.refusal;
  const [step] = landingSteps(state);
  const seeMore = { command: `pleach status ${state.run}`, why: "says how it stands" };
  const { command, why } = step ?? seeMore;
  const what =
    landing.phase === "refused"
      ? `run ${state.run} did not land on ${shortName(state.settings.target)}`
      : `the landing of run ${state.run} was not taken back`;
  return new Failure("repository", type, `${what}: ${message}`, {
    advice: `\`${command}\` ${why}`,
    details: { paths },
  });
}
