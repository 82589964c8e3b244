// Loaded into the built program by NODE_OPTIONS=--import: ends its whole process group by SIGKILL at an exact place of the journal.
// KILL_AT is `<before|torn|after> <n or type of event>`: before the n-th line that this process appends, or its first of that type,
// in the middle of it, or right after it. `moment <n> <ms>`: so many milliseconds after the n-th, 0 for the start.
import { spawn } from "node:child_process";
import { open } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const [when, which = "", ms] = (process.env["KILL_AT"] ?? "").split(" ");
const isProgram = (process.argv[1] ?? "").endsWith("main.js");

/** From outside, so that it comes at any moment, not only between two turns of the event loop. */
function killLater() {
  const script = `sleep ${Number(ms) / 1000}; kill -9 0`;
  spawn("sh", ["-c", script], { stdio: "ignore" }).unref();
}

if (isProgram && when !== "") {
  if (when === "moment" && which === "0") killLater();
  const handle = await open(fileURLToPath(import.meta.url));
  const kind = Object.getPrototypeOf(handle);
  await handle.close();
  const { appendFile, write } = kind;
  let lines = 0;
  const placeIn = (told) =>
    /^\d+$/.test(which)
      ? Number(which) - lines
      : told.findIndex((line) => line.includes(`"event":{"type":"${which}"`)) + 1;

  /** What is still written before the end, if it is to come now. */
  const lastOf = (text) => {
    const told = text.split(/(?<=\n)/);
    const at = placeIn(told);
    lines += told.length;
    if (at < 1 || at > told.length) return undefined;
    if (when === "moment") {
      killLater();
      return undefined;
    }
    const whole = told.slice(0, when === "after" ? at : at - 1).join("");
    const next = when === "torn" ? Buffer.from(told[at - 1]) : Buffer.alloc(0);
    const half = next.subarray(0, Math.floor(next.length / 2));
    return Buffer.concat([Buffer.from(whole), half]);
  };
  const end = () => {
    process.kill(0, "SIGKILL");
    // The signal is on its way to every thread: nothing more may happen.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  };

  // The journal's lines.
  kind.appendFile = async function append(text, ...rest) {
    const last = lastOf(String(text));
    if (last === undefined) return appendFile.call(this, text, ...rest);
    await appendFile.call(this, last, ...rest);
    end();
  };
  // Those of transcripts.
  kind.write = async function writeLines(bytes, from = 0, ...rest) {
    const text = Buffer.isBuffer(bytes) ? bytes.subarray(from).toString() : "";
    const last = text.startsWith('{"') && text.endsWith("\n") ? lastOf(text) : undefined;
    if (last === undefined) return write.call(this, bytes, from, ...rest);
    await write.call(this, last, 0);
    end();
  };
}
