import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, expect, test } from "vitest";
import { takesContentPlainly } from "../../src/git/plain-content.ts";
import { makeRepository } from "../support/repository.ts";

const environment = { ...process.env };
afterEach(() => {
  process.env = { ...environment };
});

async function ground() {
  const user = await makeRepository({ a: "1\n" });
  process.env["XDG_CONFIG_HOME"] = path.join(user.folder, "xdg");
  return { user, place: { gitDir: path.join(user.path, ".git") } };
}

test("a plain repository takes files as they lie on the disk", async () => {
  const { place } = await ground();
  expect(await takesContentPlainly(place)).toBe(true);
});

test.each([
  ["core.autocrlf", "input"],
  ["core.autocrlf", "true"],
  ["core.fileMode", "false"],
  ["core.symlinks", "false"],
  ["core.attributesFile", "~root/attributes"],
  ["core.attributesFile", "attributes"],
])("not where %s is %s", async (name, value) => {
  const { user, place } = await ground();
  await user.git("config", name, value);
  expect(await takesContentPlainly(place)).toBe(false);
});

test("not where there are attributes outside of the tree", async () => {
  const { user, place } = await ground();
  const files = [
    path.join(user.path, ".git/info/attributes"),
    path.join(user.folder, "xdg/git/attributes"),
    path.join(user.folder, "named"),
  ];
  const found: boolean[] = [];
  for (const file of files) {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, "* text=auto\n");
    if (file.endsWith("named")) await user.git("config", "core.attributesFile", file);
    found.push(await takesContentPlainly(place));
    writeFileSync(file, "");
  }
  expect(found).toEqual([false, false, false]);
});
