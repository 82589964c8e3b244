/** The process that starts programs in the stead of a larger one: it only starts, and tells how each began and exited. It must
 *  never wait for anything but its channel: when that closes, its owner has gone, and so does it. */
import { closeSync, constants, openSync } from "node:fs";
import { messageOf } from "../core/failure.ts";
import { errorCode } from "./file.ts";
import { startProcess } from "./process.ts";
import { startOf } from "./process-table.ts";
import type { StarterNews, StartOrder } from "./starter-words.ts";

const owner = process.ppid;
process.on("message", (order) => start(order as StartOrder));
tell({ type: "ready" });

function start(order: StartOrder): void {
  const { id } = order;
  // Of an owner that was killed there may still be orders: who looks for what it left must not see more appear.
  if (process.ppid !== owner) return;
  const opened: number[] = [];
  try {
    const stdio = order.files.map((file, at) => {
      if (file === null) return "ignore" as const;
      const one = openSync(file, at === 0 ? constants.O_RDONLY : constants.O_WRONLY);
      opened.push(one);
      return one;
    });
    const { cwd, env } = order;
    const child = startProcess(order.file, order.args, { cwd, env, detached: true, stdio });
    child.once("error", (error) => tellFailure(id, error));
    child.once("exit", (code, signal) => tell({ type: "exited", id, exit: { code, signal } }));
    // Nothing but the channel keeps us here.
    child.unref();
    const { pid } = child;
    // Before anybody has reaped it, so that the time is its own.
    if (pid !== undefined) tell({ type: "began", id, pid, start: startOf(pid) });
  } catch (error) {
    tellFailure(id, error);
  } finally {
    for (const one of opened) closeSync(one);
  }
}

function tellFailure(id: number, error: unknown): void {
  tell({ type: "failed", id, code: errorCode(error), message: messageOf(error) });
}

/** Whoever has gone hears nothing any more. */
function tell(news: StarterNews): void {
  if (process.connected) process.send?.(news, undefined, undefined, () => undefined);
}
