/** Who answers what a run asks while it goes on: the person at the terminal, or nobody but `--yes`. */
import ciInfo from "ci-info";
import type { RunState } from "../core/run.ts";
import { openApprovals } from "../view/approvals.ts";
import { type AnswerGiven, askPerson } from "./ask-person.ts";
import type { Eyes } from "./doors.ts";

export interface Answering {
  /** A person is there. */
  readonly answerable: boolean;
  /** Where answers go, once there is a run that hears them. */
  connect(hear: (given: AnswerGiven) => void): void;
  see(state: RunState): void;
  close(): void;
}

export function openAnswering(eyes: Pick<Eyes, "ask">): Answering {
  const answerable = process.stdin.isTTY === true && process.stderr.isTTY === true && !ciInfo.isCI;
  let hear: (given: AnswerGiven) => void = () => undefined;
  const person = answerable
    ? askPerson({
        input: process.stdin,
        ask: eyes.ask,
        answer: (given) => hear(given),
      })
    : undefined;
  return {
    answerable,
    connect: (given) => {
      hear = given;
    },
    see: (state) => {
      if (!state.settings.yes) return person?.see(state);
      for (const { id } of openApprovals(state)) {
        const asked = state.approvals.find((one) => one.id === id)?.question?.kind;
        const text =
          asked === "question" ? { text: "nobody is there to say: decide yourself" } : {};
        hear({ id, answer: "approved", ...text });
      }
    },
    close: () => person?.close(),
  };
}
