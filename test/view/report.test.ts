import { describe, expect, it } from "vitest";
import { reportDocument, reportMarkdown } from "../../src/view/report.ts";
import { check, sha, startRun, unit } from "../support/run-state.ts";

const facts = { alive: false, folder: "/repo/.git/pleach/runs/r" };

const story = startRun({
  units: [unit("a"), unit("b", { after: ["a"] }), unit("c")],
  doneWhen: [check("none left")],
})
  .start("a")
  .refuse("a", {
    type: "check_failed",
    message: "types is red",
    tail: "x.ts: `bad`\n```\n",
    log: "units/a/1/types.log",
  })
  .start("a")
  .refuse("a", { type: "strayed", message: "it strayed", paths: ["z.ts" as never] })
  .complete("c")
  .verify("none left", true)
  .finish("partial");

describe("the Markdown report", () => {
  const text = reportMarkdown(story.state(), story.lines(), facts);

  it("has a row for every unit", () => {
    expect(text).toMatch(/^\| `a` \| The a \| failed \| 2 \|/m);
    expect(text).toMatch(/^\| `b` \| The b \| failed \| 0 \|.*dependency failed/m);
    expect(text).toMatch(/^\| `c` \| The c \| merged \| 1 \|/m);
  });

  it("says why each attempt was refused, with its paths, log and output", () => {
    expect(text).toContain(
      "- `a`, attempt 1: check failed: types is red\n  - log: `units/a/1/types.log`",
    );
    expect(text).toContain("  ````text\n  x.ts: `bad`\n  ```\n  ````");
    expect(text).toContain("- `a`, attempt 2: strayed: it strayed\n  - `z.ts`");
    expect(text).toContain("- `b`: dependency failed: a, which it comes after, did not land");
  });

  it("says what was checked, what landed, what is kept and what to type", () => {
    expect(text).toContain("| none left | 1 | 0 | 2.0 s |");
    expect(text).toContain("- none left: holds");
    expect(text).toContain("Nothing landed.");
    expect(text).toContain(`- a: \`refs/pleach/${story.state().run}/a/2\``);
    expect(text).toContain("`/repo/.git/pleach/runs/r`");
    expect(text).toContain(`\`pleach logs ${story.state().run}/a\``);
  });

  it("says how to undo what landed", () => {
    const landed = startRun({ units: [unit("a")] })
      .complete("a")
      .finish("complete")
      .land();
    const said = reportMarkdown(landed.state(), landed.lines(), facts);
    expect(said).toContain(`\`pleach undo ${landed.state().run}\``);
    expect(said).not.toContain("## Refusals");
  });
});

describe("the Markdown report of what did not land", () => {
  it("names no branch where nothing was merged, and says what was not asked", () => {
    const nothing = startRun({ units: [unit("a")], doneWhen: [check("none left")] })
      .start("a")
      .refuse("a")
      .start("a")
      .refuse("a")
      .finish("failed");
    const said = reportMarkdown(nothing.state(), nothing.lines(), facts);
    expect(said).toContain("| Result | Nothing was merged. |");
    expect(said).toContain("Asked for: `auto`. Nothing was merged.");
    expect(said).toContain("- none left: not asked");
    expect(said).not.toContain("integration");
  });

  it("lists the files of a refused landing only where its message leaves some out", () => {
    const refused = (message: string) => {
      const told = startRun({ units: [unit("a")] })
        .complete("a")
        .finish("complete")
        .refuseLanding(message, ["a", "cart/b.ts"]);
      return reportMarkdown(told.state(), told.lines(), facts);
    };
    expect(refused("would be lost: a, cart/b.ts; the result stays")).not.toContain("- `a`");
    expect(refused("your edits in cart would be lost")).toContain("- `a`\n\n- `cart/b.ts`");
  });

  it("gives the summary of the run line by line, and lets nothing out of it", () => {
    const run = startRun({ units: [unit("a"), unit("b")] }).complete("a");
    const said = { summary: "- one\n- ~~~ two\n```\n# Done" };
    const shown = run.state();
    const units = shown.units.map((one) => (one.id === "a" ? { ...one, ...said } : one));
    const text = reportMarkdown({ ...shown, units }, run.lines(), facts);
    expect(text).toContain(
      "## Summary\n\n````text\n## a\n\n- one\n- ~~~ two\n```\n# Done\n````\n\n",
    );
  });

  it("joins the lines of a summary, and does not repeat the name of a check", () => {
    const told = startRun({ units: [unit("a")], doneWhen: [check("npm test")] })
      .start("a")
      .accept("a", ["x.ts"], "one\ntwo")
      .merge("a");
    const commit = told.state().integration;
    const result = { name: "npm test", passed: false, seconds: 1, message: "npm test: exited 3" };
    told.happened(
      { type: "check-started", commit, name: "npm test" },
      { type: "check-finished", commit, result },
    );
    const said = reportMarkdown(told.state(), told.lines(), facts);
    expect(said).toContain("| one; two |");
    expect(said).toContain("- npm test: **does not hold**, exited 3");
  });
});

describe("the JSON report", () => {
  it("is the final document with the history of every unit", () => {
    const document = reportDocument(story.state(), story.lines(), facts);
    expect(document).toMatchObject({ version: 1, outcome: "partial", folder: facts.folder });
    expect(document.units[0]?.history).toMatchObject([
      { attempt: 1, end: "refused", reason: { type: "check_failed" } },
      { attempt: 2, end: "refused", reason: { type: "strayed" } },
    ]);
    expect(document.units[1]?.history).toEqual([]);
    expect(document.units[2]?.history).toMatchObject([
      { attempt: 1, end: "merged", changed: ["src/c/a.ts"] },
    ]);
  });

  it("keeps what was checked on the merged tree with the attempt it was checked for", () => {
    const run = startRun({ units: [unit("a")], settings: { checks: [check("types")] } })
      .start("a")
      .accept("a");
    const at = run.state().units[0]?.at;
    if (at?.phase !== "completed") throw new Error("it was accepted");
    const subject = { type: "unit", unit: "a" as never, attempt: 1 } as const;
    const commit = "c".repeat(40) as never;
    run.happened(
      { type: "merge-started", subject, onto: run.state().integration, head: at.head },
      { type: "candidate-made", subject, commit, tree: commit },
      { type: "check-started", commit, name: "types" },
      { type: "check-finished", commit, result: { name: "types", passed: true, seconds: 3 } },
      { type: "merge-finished", subject, outcome: { type: "merged", commit } },
    );
    const [only] = reportDocument(run.state(), run.lines(), facts).units;
    expect(only?.history).toMatchObject([
      { end: "merged", checks: [{ name: "types", passed: true }] },
    ]);
  });

  it("names what merged units left that no commit can hold", () => {
    const outcome = {
      type: "completed",
      head: sha(900),
      changed: ["src/a/a.ts" as never],
      summary: "did it",
      artifacts: [],
    } as const;
    const leavings = { snapshot: sha(901), left: ["src/a/pipe"] };
    const story = startRun({ units: [unit("a")] })
      .start("a")
      .happened({ type: "unit-finished", unit: "a" as never, attempt: 1, outcome, leavings })
      .merge("a")
      .finish("complete")
      .land();
    const report = reportMarkdown(story.state(), story.lines(), { alive: false, folder: "/f" });
    expect(report).toContain("- a is merged without what no commit can hold: src/a/pipe");
  });
});
