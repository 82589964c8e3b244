import { describe, expect, it } from "vitest";
import { foldRun } from "../../src/core/reduce.ts";
import { attemptStories } from "../../src/view/attempts.ts";
import { code, codeBlock, plain } from "../../src/view/markdown.ts";
import { previewView } from "../../src/view/preview.ts";
import { progressLine } from "../../src/view/progress.ts";
import { reportMarkdown } from "../../src/view/report.ts";
import { runsTable } from "../../src/view/runs.ts";
import { statusLine, statusView } from "../../src/view/status.ts";
import { attemptStory } from "../../src/view/story.ts";
import { makePaint } from "../../src/view/words.ts";
import { base, check, hostileTexts, startedAt, startRun, unit } from "../support/run-state.ts";

const inert = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
const look = { width: 120, paint: makePaint(false), now: startedAt, alive: false };

/** A run in which every text that can come from outside is `text`. */
function hostileRun(text: string) {
  const path = text as never;
  return startRun({
    goal: text,
    units: [unit("a", { title: text }), unit("b")],
    doneWhen: [check(text)],
    settings: { target: `refs/heads/${text}` as never },
  })
    .start("a")
    .refuse("a", { message: text, paths: [path], log: text, tail: text })
    .start("a")
    .refuse("a", { message: text, paths: [path] })
    .start("b")
    .accept("b", [text], text)
    .merge("b")
    .verify(text, false)
    .finish("partial")
    .happened({ type: "land-asked" })
    .refuseLanding(text, [text])
    .happened({ type: "cleaned", removed: [text], kept: [text] });
}

describe("text from outside is inert", () => {
  it.each(hostileTexts.map((text) => [JSON.stringify(text), text]))(
    "in every view: %s",
    (_, text) => {
      const story = hostileRun(text);
      const lines = story.lines();
      const state = story.state();
      const error = { code: "x", message: text, advice: text, details: {} };
      const folder = text;
      const views = [
        statusView(state, { ...look, error, folder }),
        statusLine(state, false),
        reportMarkdown(state, lines, { alive: false, folder }),
        runsTable(
          [
            { type: "run", state, alive: false },
            { type: "unreadable", run: text, message: text },
          ],
          look,
        ),
        attemptStory(attemptStories(lines)[0], [{ name: text, text, bytesLeftOut: 3 }], look.paint),
        previewView(
          {
            plan: state.plan,
            file: null,
            target: state.settings.target,
            base,
            units: state.plan.units.map(({ id }) => ({ id, worker: text, files: [text as never] })),
            checks: [text],
            warnings: [],
          },
          look,
        ),
      ];
      for (const view of views) expect(view).not.toMatch(inert);
      lines.forEach((line, position) => {
        const then = foldRun(lines.slice(0, position + 1));
        const said = then && progressLine(line, then, { verbose: true });
        expect(said ?? "").not.toMatch(/\n/);
        expect(said ?? "").not.toMatch(inert);
      });
    },
  );
});

describe("Markdown of text from outside", () => {
  it("escapes all that begins markup", () => {
    expect(plain("a | b **c** <b> [x](y) # `z` _u_ ~s~")).toBe(
      "a \\| b \\*\\*c\\*\\* \\<b\\> \\[x\\]\\(y\\) \\# \\`z\\` \\_u\\_ \\~s\\~",
    );
  });

  it("makes no list, number or link of it", () => {
    expect(plain("- a")).toBe("\\- a");
    expect(plain("12. b")).toBe("12\\. b");
    expect(plain("see https://evil or www.evil")).toBe("see https\\://evil or www\\.evil");
    expect(plain("version 0.1.0: fine")).toBe("version 0.1.0: fine");
  });

  it("makes code spans and blocks that the text cannot leave", () => {
    expect(code("a`b``c")).toBe("```a`b``c```");
    expect(code("`x`")).toBe("`` `x` ``");
    expect(codeBlock("```\nout")).toBe("````text\n```\nout\n````");
  });
});
