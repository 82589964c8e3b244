import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { UnitId } from "../../src/core/id.ts";
import { exchangePaths } from "../../src/work/exchange.ts";
import { openMail } from "../../src/work/exchange-mail.ts";
import { makeDesk } from "../support/desk.ts";
import { eventually } from "../support/eventually.ts";
import { unit } from "../support/run-state.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "pleach-mail-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function scene() {
  const paths = exchangePaths(path.join(folder, "exchange"));
  mkdirSync(paths.inbox, { recursive: true });
  mkdirSync(paths.outbox, { recursive: true });
  const reported: string[] = [];
  const report = ({ text }: { readonly text: string }) => void reported.push(text);
  const desk = makeDesk({ units: [unit("a"), unit("b")], report });
  const say = (text: string) =>
    desk.request({ type: "message", from: "person", unit: "a" as UnitId, text });
  return { paths, desk, say, reported };
}

describe("the mail of a command worker", () => {
  it("comes as one file a message, what was said before it began too", async () => {
    const { paths, desk, say } = scene();
    say("first");
    const mail = openMail(paths, desk);
    say("second");
    await eventually(() => readdirSync(paths.inbox).length === 2);
    await mail.close();
    const texts = readdirSync(paths.inbox).map(
      (name) => JSON.parse(readFileSync(path.join(paths.inbox, name), "utf8")) as object,
    );
    expect(texts).toMatchObject([
      { from: "person", text: "first" },
      { from: "person", text: "second" },
    ]);
  });

  it("is sent once, in the order of the names, and what is no message is told of", async () => {
    const { paths, desk, reported } = scene();
    const put = (name: string, text: string) => writeFileSync(path.join(paths.outbox, name), text);
    put("2.json", JSON.stringify({ to: "b", text: "two" }));
    put("1.json", JSON.stringify({ to: "b/coder", text: "one" }));
    put("3.json", "{");
    put("4.json", JSON.stringify({ to: "nobody", text: "lost" }));
    const mail = openMail(paths, desk);
    await eventually(() => desk.state().messages.length === 2);
    await mail.close();
    expect(desk.state().messages).toMatchObject([
      { from: "a/command", unit: "b", agent: "coder", text: "one" },
      { from: "a/command", unit: "b", text: "two" },
    ]);
    expect(reported.toSorted()).toEqual([
      "3.json in its outbox was not sent: it is no JSON with to and text",
      expect.stringMatching(/^4\.json in its outbox was not sent: .*nobody/),
    ]);
  });

  it("is never written where a link leads that the worker put in the inbox's place", async () => {
    const { paths, desk, say } = scene();
    const outside = path.join(folder, "outside");
    mkdirSync(outside);
    renameSync(paths.inbox, `${paths.inbox}.old`);
    symlinkSync(outside, paths.inbox);
    writeFileSync(path.join(outside, "1.json"), JSON.stringify({ to: "b", text: "stolen" }));
    rmSync(paths.outbox, { recursive: true });
    symlinkSync(outside, paths.outbox);
    say("secret");
    await openMail(paths, desk).close();
    expect(readdirSync(outside)).toEqual(["1.json"]);
    expect(desk.state().messages).toMatchObject([{ text: "secret" }]);
  });
});
