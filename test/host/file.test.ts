import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { fileFailure, readTextIfThere, stateHome, writeAtomically } from "../../src/host/file.ts";
import { scratchFolder } from "../support/scratch.ts";

describe("writeAtomically", () => {
  test("makes a file, replaces it, and leaves nothing beside it", async () => {
    const folder = scratchFolder();
    const file = path.join(folder, "a.json");
    await writeAtomically(file, "one");
    await writeAtomically(file, "two", { mode: 0o600 });
    expect(readFileSync(file, "utf8")).toBe("two");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(["a.json"]);
  });

  test("replaces a link and not what it points at", async () => {
    const folder = scratchFolder();
    writeFileSync(path.join(folder, "precious"), "precious");
    symlinkSync("precious", path.join(folder, "link"));
    await writeAtomically(path.join(folder, "link"), "ours");
    expect(readFileSync(path.join(folder, "precious"), "utf8")).toBe("precious");
    expect(readFileSync(path.join(folder, "link"), "utf8")).toBe("ours");
  });

  test("is never seen half-written by a reader", async () => {
    const file = path.join(scratchFolder(), "a");
    const texts = ["a".repeat(300_000), "b".repeat(200_000)];
    await writeAtomically(file, texts[0] ?? "");
    let writing = true;
    const writer = (async () => {
      for (let round = 0; round < 30; round += 1) {
        await writeAtomically(file, texts[round % 2] ?? "");
      }
      writing = false;
    })();
    let torn = 0;
    while (writing) torn += texts.includes((await readTextIfThere(file)) ?? "") ? 0 : 1;
    await writer;
    expect(torn).toBe(0);
  });

  test("where it is not possible says so, with the path, and leaves nothing", async () => {
    const folder = scratchFolder();
    mkdirSync(path.join(folder, "taken"));
    const running = writeAtomically(path.join(folder, "taken"), "text");
    await expect(running).rejects.toMatchObject({
      kind: "environment",
      code: "file_failed",
      message: expect.stringContaining(`cannot write ${folder}/taken: EISDIR`),
    });
    expect(readdirSync(folder)).toEqual(["taken"]);
  });
});

describe("a full disk", () => {
  test("is a failure of the environment that says what to do", async () => {
    const full = await writeFile("/dev/full", "text").catch((error: unknown) => error);
    expect(fileFailure(full, "write /x")).toMatchObject({
      kind: "environment",
      exitCode: 7,
      code: "disk_full",
      message: "cannot write /x: ENOSPC: no space left on device, write",
      advice: "free some space, then go on with `pleach resume`",
    });
  });

  test.runIf(canMount())("leaves the old file whole and no draft", async () => {
    const folder = scratchFolder();
    mount(folder);
    const file = path.join(folder, "a");
    await writeAtomically(file, "old");
    const running = writeAtomically(file, "x".repeat(1_000_000));
    await expect(running).rejects.toMatchObject({ kind: "environment", code: "disk_full" });
    expect(readFileSync(file, "utf8")).toBe("old");
    expect(readdirSync(folder)).toEqual(["a"]);
  });
});

describe("readTextIfThere", () => {
  test("tells absent from failed", async () => {
    const folder = scratchFolder();
    const file = path.join(folder, "a");
    writeFileSync(file, "");
    expect(await readTextIfThere(file)).toBe("");
    expect(await readTextIfThere(path.join(folder, "none"))).toBeUndefined();
    expect(await readTextIfThere(path.join(file, "below"))).toBeUndefined();
    await expect(readTextIfThere(folder)).rejects.toMatchObject({ code: "file_failed" });
  });
});

test("the state directory is our own variable's, else XDG's, else the home's", () => {
  const all = { PLEACH_STATE_HOME: "/own", XDG_STATE_HOME: "/xdg", HOME: "/home/a" };
  expect(stateHome(all)).toBe("/own");
  expect(stateHome({ ...all, PLEACH_STATE_HOME: "" })).toBe("/xdg/pleach");
  expect(stateHome({ HOME: "/home/a", XDG_STATE_HOME: "relative" })).toBe(
    "/home/a/.local/state/pleach",
  );
});

test("a state directory that is named by a relative path is refused: exit 7", () => {
  const relative = () => stateHome({ PLEACH_STATE_HOME: "my state", HOME: "/home/a" });
  expect(relative).toThrow(expect.objectContaining({ exitCode: 7, code: "state_home_relative" }));
  expect(relative).toThrow(/PLEACH_STATE_HOME is "my state"/);
});

function mount(folder: string): void {
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "none", folder], { stdio: "ignore" });
  onTestFinished(() => {
    execFileSync("umount", [folder], { stdio: "ignore" });
  });
}

/** Only the administrator of a machine that lets him may mount a small disk; the test above needs none. */
function canMount(): boolean {
  const probe = "mount -t tmpfs -o size=64k none /mnt && umount /mnt";
  try {
    execFileSync("unshare", ["-m", "sh", "-c", probe], { stdio: "ignore" });
    return process.getuid?.() === 0;
  } catch {
    return false;
  }
}
