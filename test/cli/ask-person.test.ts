import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { type AnswerGiven, askPerson } from "../../src/cli/ask-person.ts";
import type { UnitId } from "../../src/core/id.ts";
import { eventually } from "../support/eventually.ts";
import { startRun, unit } from "../support/run-state.ts";

function scene() {
  const input = new PassThrough();
  const given: AnswerGiven[] = [];
  let shown = "";
  let prompt: string | undefined;
  const person = askPerson({
    input,
    ask: (asked) => {
      prompt = asked?.prompt;
      if (asked !== undefined) shown += asked.text;
    },
    answer: (answer) => void given.push(answer),
  });
  return { input, given, person, shown: () => shown, prompt: () => prompt };
}

const ask = (id: string) =>
  ({ type: "approval-asked", id, unit: id.slice(0, 1) as UnitId }) as const;

describe("a person at the terminal", () => {
  it("is asked one thing after the other, and an answer may have words", async () => {
    const { input, given, person, shown } = scene();
    const story = startRun({ units: [unit("a"), unit("b")] }).happened(ask("a-1"), ask("b-1"));
    person.see(story.state());
    expect(shown()).toContain("a-1: a waits for approval");
    expect(shown()).not.toContain("b-1");
    input.write("what?\n");
    input.write("yes, go on\n");
    await eventually(() => given.length === 1 || shown().includes("y to approve"));
    input.write("y be careful\n");
    await eventually(() => given.length === 1);
    expect(given).toEqual([{ id: "a-1", answer: "approved", text: "be careful" }]);
    const answered = { type: "approval-answered", id: "a-1", answer: "approved" } as const;
    person.see(story.happened(answered).state());
    expect(shown()).toContain("b-1: b waits for approval");
    input.write("n\n");
    await eventually(() => given.length === 2);
    expect(given[1]).toEqual({ id: "b-1", answer: "denied" });
    person.close();
  });

  it("answers a question of an agent in words, and is asked nothing once it is answered", async () => {
    const { input, given, person, shown, prompt } = scene();
    const question = { agent: "coder", kind: "question", content: "Which colour?" } as const;
    const story = startRun({ units: [unit("a")] })
      .start("a")
      .happened({ ...ask("a-1.1"), question });
    person.see(story.state());
    expect(shown()).toContain("a-1.1: a/coder asks:\n    Which colour?");
    expect(prompt()).toContain("Your answer");
    input.write("\nblue is best\n");
    await eventually(() => given.length === 1);
    expect(given).toEqual([{ id: "a-1.1", answer: "approved", text: "blue is best" }]);
    expect(prompt()).toBeUndefined();
    // What else happens before the answer is in the journal does not ask again.
    person.see(story.state());
    expect(prompt()).toBeUndefined();
    person.close();
  });

  it("sees no control characters of what an agent wrote", () => {
    const { person, shown } = scene();
    const question = { agent: "coder", kind: "tool", content: "shell: \u001b[2Jrm" } as const;
    const story = startRun({ units: [unit("a")] })
      .start("a")
      .happened({ ...ask("a-1.1"), question });
    person.see(story.state());
    expect(shown()).toContain("shell");
    expect(shown()).not.toContain("\u001b");
    person.close();
  });
});
