/** Asks the person at the terminal what a run waits for, one question at a time. Who answers elsewhere meanwhile is as good. */
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { RunState } from "../core/run.ts";
import { escapeControls } from "../core/text.ts";
import { type ApprovalDocument, approvalDocuments, openApprovals } from "../view/approvals.ts";
import type { Asked, Eyes } from "./doors.ts";

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
  readonly ask: Eyes["ask"];
  readonly answer: (given: AnswerGiven) => void;
}): PersonAsked {
  let state: RunState | undefined;
  let asked: ApprovalDocument | undefined;
  const askNext = () => {
    if (state === undefined) return;
    const [first, ...more] = openApprovals(state);
    if (asked !== undefined && [first, ...more].some((one) => one?.id === asked?.id)) return;
    const before = asked;
    asked = approvalDocuments(state).find(({ id }) => id === first?.id);
    if (asked !== undefined) parts.ask(questionOf(asked));
    else if (before !== undefined) parts.ask(undefined);
  };
  // Not as a terminal: Ctrl-C must still reach the run.
  const lines = createInterface({ input: parts.input, terminal: false });
  lines.on("line", (line) => {
    if (asked === undefined) return;
    const given = answerIn(line, asked);
    if (given === undefined) {
      const text = "y to approve, n to deny; words after it are told to the agent.";
      parts.ask({ text, prompt: promptOf(asked) });
    } else {
      parts.ask(undefined);
      parts.answer({ id: asked.id, ...given });
    }
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

function questionOf(asked: ApprovalDocument): Asked {
  const { id, unit, agent, kind, content } = asked;
  const shown = escapeControls(
    content.length > contentCharsMax ? `${content.slice(0, contentCharsMax)}…` : content,
  );
  const who = agent === null ? unit : `${unit}/${agent}`;
  const body = shown.replace(/^/gm, "    ");
  const text = `\n${id}: ${who} ${kind === "question" ? "asks" : "waits for approval"}:\n${body}`;
  return { text, prompt: promptOf(asked) };
}

function promptOf({ kind }: ApprovalDocument): string {
  return kind === "question" ? "Your answer (n refuses): " : "Approve? [y/n] ";
}

/** To a question of its own an agent wants words: whatever is no refusal is the answer. */
function answerIn(line: string, { kind }: ApprovalDocument): Omit<AnswerGiven, "id"> | undefined {
  const [, word = "", text = ""] = /^\s*(\S+)\s*(.*)$/.exec(line) ?? [];
  const said = text === "" ? {} : { text };
  if (/^(y|yes|approve)$/i.test(word)) return { answer: "approved", ...said };
  if (/^(n|no|deny)$/i.test(word)) return { answer: "denied", ...said };
  if (kind === "question" && word !== "") return { answer: "approved", text: line.trim() };
  return undefined;
}
