/** Lets the person at the terminal edit a file, by the editor that they chose for everything. */
import { Failure } from "../core/failure.ts";
import { startProcess } from "../host/process.ts";
import type { World } from "./surface.ts";

const usualEditor = "vi";

/** What EDITOR says is a command with flags of its own, as for git; the file's name is never part of its text. */
export async function editFile(file: string, env: World["env"]): Promise<void> {
  const editor = env.VISUAL || env.EDITOR || usualEditor;
  const child = startProcess("sh", ["-c", `${editor} "$1"`, "sh", file], { stdio: "inherit" });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", resolve);
  });
  if (code === 0) return;
  throw new Failure(
    "environment",
    "editor_failed",
    `the editor ${editor} ended with ${code ?? "a signal"}`,
    {
      advice: "name one that works: EDITOR=nano pleach plan …",
    },
  );
}
