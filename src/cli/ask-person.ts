/** Asks the person at the terminal what a run waits for, one question at a time. Who answers elsewhere meanwhile is as good. */
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { RunState } from "../core/run.ts";
import { escapeControls } from "../core/text.ts";
import { approvalDocuments, openApprovals } from "../view/approvals.ts";

export interface AnswerGiven {
  readonly id: string;
  readonly answer: "approved" | "denied";
  readonly text?: string;
}

export interface PersonAsked {
  /** What is so now: asks what is open and was not asked yet. */
  see(state: RunState): void;
  close(): void;
}

/** More than this of a question is cut: the whole is in `pleach status --json`. */
const contentCharsMax = 4000;

export function askPerson(parts: {
  readonly input: Readable;
  readonly write: (text: string) => void;
  readonly answer: (given: AnswerGiven) => void;
}): PersonAsked {
  let state: RunState | undefined;
  let asked: string | undefined;
  const askNext = () => {
    const open = state === undefined ? [] : openApprovals(state);
    if (open.some(({ id }) => id === asked)) return;
    asked = open[0]?.id;
    if (state !== undefined && asked !== undefined) parts.write(questionText(state, asked));
  };
  // Not as a terminal: Ctrl-C must still reach the run.
  const lines = createInterface({ input: parts.input, terminal: false });
  lines.on("line", (line) => {
    if (asked === undefined) return;
    const given = answerIn(line);
    if (given === undefined) {
      parts.write("y to approve, n to deny; words after it are told to the agent: ");
      return;
    }
    parts.answer({ id: asked, ...given });
  });
  return {
    see: (now) => {
      state = now;
      askNext();
    },
    close: () => {
      lines.close();
      // An open terminal would keep our process alive.
      parts.input.pause();
    },
  };
}

function questionText(state: RunState, id: string): string {
  const [open] = openApprovals(state).filter((one) => one.id === id);
  const content = approvalDocuments(state).find((one) => one.id === id)?.content ?? "";
  const shown = escapeControls(
    content.length > contentCharsMax ? `${content.slice(0, contentCharsMax)}…` : content,
  );
  const body = shown.replace(/^/gm, "    ");
  return `\n${id}: ${open?.who ?? ""} waits for approval:\n${body}\nApprove? [y/n] `;
}

function answerIn(line: string): Omit<AnswerGiven, "id"> | undefined {
  const [, word = "", text = ""] = /^\s*(\S+)\s*(.*)$/.exec(line) ?? [];
  const said = text === "" ? {} : { text };
  if (/^(y|yes|approve)$/i.test(word)) return { answer: "approved", ...said };
  if (/^(n|no|deny)$/i.test(word)) return { answer: "denied", ...said };
  return undefined;
}
