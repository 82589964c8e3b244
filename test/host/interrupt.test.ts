import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test } from "vitest";
import { compileRooms } from "../support/compiled.ts";

let compiled: ReturnType<typeof compileRooms>;
let script: string;
beforeAll(() => {
  compiled = compileRooms(["core", "host"]);
  script = path.join(compiled.folder, "listen.js");
  writeFileSync(
    script,
    `import { onInterrupt } from "./host/interrupt.js";
     const listening = onInterrupt({
       first: (signal) => console.log("first " + signal),
       second: (signal) => { console.log("second " + signal); if (process.argv[2]) listening.dispose(); },
     });
     setInterval(() => undefined, 1000);
     console.log("ready");`,
  );
});
afterAll(() => compiled.remove());

async function listener(...args: string[]) {
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async () => (await lines.next()).value as string;
  expect(await line()).toBe("ready");
  return { child, line };
}

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
  "the first %s asks to wind down, every other one to stop now",
  async (signal) => {
    const { child, line } = await listener();
    child.kill(signal);
    expect(await line()).toBe(`first ${signal}`);
    child.kill("SIGINT");
    expect(await line()).toBe("second SIGINT");
    child.kill("SIGTERM");
    expect(await line()).toBe("second SIGTERM");
    child.kill("SIGKILL");
  },
);

test("once it is disposed of, a signal ends the process as it does any other", async () => {
  const { child, line } = await listener("dispose");
  child.kill("SIGINT");
  expect(await line()).toBe("first SIGINT");
  child.kill("SIGINT");
  expect(await line()).toBe("second SIGINT");
  // The line may come a moment before the listeners are gone: whatever that takes, the end must come.
  const ended = once(child, "exit");
  const again = setInterval(() => child.kill("SIGTERM"), 20);
  expect(await ended).toEqual([null, "SIGTERM"]);
  clearInterval(again);
});
