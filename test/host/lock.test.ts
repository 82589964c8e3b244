import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunId } from "../../src/core/id.ts";
import {
  acquireLock,
  isAlive,
  type Lock,
  type LockHeld,
  lifeOf,
  lockHeld,
  selfFacts,
  waitForLock,
} from "../../src/host/lock.ts";
import { compileRooms } from "../support/compiled.ts";
import { scratchFolder } from "../support/scratch.ts";

const run = "20261120-1430-k3f9" as RunId;

let compiled: ReturnType<typeof compileRooms>;
beforeAll(() => {
  compiled = compileRooms(["core", "host"]);
});
afterAll(() => compiled.remove());

function taken(answer: Lock | LockHeld): Lock {
  if (answer.type !== "acquired") throw new Error(`held: ${JSON.stringify(answer)}`);
  return answer;
}

/** The facts of a process that has ended. */
async function dead() {
  const child = spawn("true");
  await once(child, "exit");
  return { ...(await selfFacts()), pid: child.pid ?? 0, startTime: "1", token: "t" };
}

describe("a lock", () => {
  test("is held until it is released, and names its owner whole", async () => {
    const file = path.join(scratchFolder(), "sub/run-lock");
    const lock = taken(await acquireLock(file, { run }));
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({
      ...(await selfFacts()),
      run,
      token: expect.any(String),
    });
    expect(await acquireLock(file)).toEqual({
      type: "held",
      path: file,
      by: { ...(await selfFacts()), run },
    });
    await lock.release();
    expect(readdirSync(path.dirname(file))).toEqual([]);
    await taken(await acquireLock(file)).release();
  });

  test("that is no longer ours is not released", async () => {
    const file = path.join(scratchFolder(), "lock");
    const lock = taken(await acquireLock(file));
    writeFileSync(file, "another's");
    await lock.release();
    expect(readFileSync(file, "utf8")).toBe("another's");
    await taken(await acquireLock(`${file}-2`)).release();
  });

  test("can be waited for", async () => {
    const file = path.join(scratchFolder(), "lock");
    const wait = { timeoutMs: 20_000, signal: new AbortController().signal };
    let inside = 0;
    let most = 0;
    const work = async () => {
      const lock = await waitForLock(file, {}, wait);
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside -= 1;
      await lock.release();
    };
    await Promise.all(Array.from({ length: 12 }, work));
    expect(most).toBe(1);
  });

  test("is waited for no longer than told, nor after an abort", async () => {
    const file = path.join(scratchFolder(), "lock");
    await acquireLock(file, { run });
    const signal = new AbortController().signal;
    await expect(waitForLock(file, {}, { timeoutMs: 50, signal })).rejects.toMatchObject({
      kind: "busy",
      code: "run_active",
      message: `run ${run} is active here (process ${process.pid})`,
    });
    const aborted = { timeoutMs: 50, signal: AbortSignal.abort(new Error("stop")) };
    await expect(waitForLock(file, {}, aborted)).rejects.toThrow("stop");
  });
});

describe("a lock of an owner that", () => {
  const answerFor = async (facts: object | string) => {
    const file = path.join(scratchFolder(), "lock");
    writeFileSync(file, typeof facts === "string" ? facts : JSON.stringify(facts));
    const answer = await acquireLock(file);
    if (answer.type === "held") return "held";
    expect(readdirSync(path.dirname(file))).toEqual(["lock"]);
    return "taken over";
  };

  test("has ended is taken over", async () => {
    expect(await answerFor(await dead())).toBe("taken over");
  });

  test("lives is held", async () => {
    expect(await answerFor({ ...(await selfFacts()), token: "t" })).toBe("held");
  });

  test("has ended and whose pid another process has now is taken over", async () => {
    expect(await answerFor({ ...(await selfFacts()), startTime: "1", token: "t" })).toBe(
      "taken over",
    );
  });

  test("lived before this machine was started anew is taken over, though its pid lives", async () => {
    const self = await selfFacts();
    const [machine, , namespace] = self.boot.split(" ");
    const boot = [machine, "00000000-0000-0000-0000-000000000000", namespace].join(" ");
    expect(await answerFor({ ...self, boot, token: "t" })).toBe("taken over");
  });

  test("is on another machine, or in another container, is held", async () => {
    const [machine, boot, namespace] = (await selfFacts()).boot.split(" ");
    const owner = await dead();
    expect(await answerFor({ ...owner, boot: `other other-boot ${namespace}` })).toBe("held");
    expect(await answerFor({ ...owner, boot: `${machine} ${boot} pid:[1]` })).toBe("held");
  });

  test.each([
    "",
    "{",
    "null",
    "[]",
    '{"pid":1}',
    '{"pid":-1,"startTime":"1","boot":"a b c","token":"t"}',
    '{"pid":"1","startTime":"1","boot":"a b c","token":"t"}',
    '{"pid":99999999,"startTime":"1","boot":"","token":"t"}',
  ])("cannot be known from %j is held", async (text) => {
    expect(await answerFor(text)).toBe("held");
  });
});

test("a lock that nobody can read says how to remove it", async () => {
  const file = path.join(scratchFolder(), "lock");
  writeFileSync(file, "\0\0\0\0");
  const answer = await acquireLock(file);
  expect(answer).toEqual({ type: "held", path: file, by: undefined });
  expect(lockHeld(answer as LockHeld)).toMatchObject({
    kind: "busy",
    exitCode: 8,
    code: "lock_unreadable",
    advice: `if no Pleach is at work here, remove it: rm "${file}"`,
  });
  mkdirSync(`${file}-folder`);
  expect((await acquireLock(`${file}-folder`)).type).toBe("held");
});

test("what takers left that were killed is swept away, and what others have is not", async () => {
  const folder = scratchFolder();
  const file = path.join(folder, "lock");
  writeFileSync(`${file}.1-a.draft`, JSON.stringify(await dead()));
  writeFileSync(`${file}.taking.1-a.draft`, JSON.stringify(await dead()));
  writeFileSync(`${file}.2-b.draft`, JSON.stringify({ ...(await selfFacts()), token: "t" }));
  writeFileSync(`${file}.taking`, JSON.stringify(await dead()));
  writeFileSync(file, JSON.stringify(await dead()));
  await taken(await acquireLock(file)).release();
  writeFileSync(`${file}.taking`, JSON.stringify(await dead()));
  taken(await acquireLock(file));
  expect(readdirSync(folder).sort()).toEqual(["lock", "lock.2-b.draft"]);
});

test("a folder where no lock can be made is a failure that names it", async () => {
  const folder = scratchFolder();
  writeFileSync(path.join(folder, "file"), "");
  await expect(acquireLock(path.join(folder, "file/lock"))).rejects.toMatchObject({
    kind: "environment",
    message: expect.stringContaining(`cannot take the lock ${folder}/file/lock`),
  });
});

test("life is told of the living, the dead and the unknown", async () => {
  const self = await selfFacts();
  expect(await lifeOf(self)).toBe("alive");
  expect(await lifeOf({ ...self, startTime: "1" })).toBe("dead");
  expect(await lifeOf({ ...self, boot: "nonsense" })).toBe("unknown");
  expect([await isAlive(self), await isAlive({ ...self, boot: "nonsense" })]).toEqual([true, true]);
  expect(await isAlive({ ...self, startTime: "1" })).toBe(false);
});

test("of sixteen processes that race for a dead owner's lock, or for a free one, one wins", async () => {
  const folder = scratchFolder();
  const script = path.join(compiled.folder, "race.js");
  writeFileSync(
    script,
    `import { createInterface } from "node:readline";
     import { acquireLock, selfFacts } from "./host/lock.js";
     await selfFacts();
     console.log("ready");
     for await (const file of createInterface({ input: process.stdin })) {
       const answer = await acquireLock(file);
       console.log(answer.type === "acquired" ? "acquired" : "held by " + answer.by?.pid);
     }`,
  );
  const racers = Array.from({ length: 16 }, () => {
    const child = spawn(process.execPath, [script], { stdio: ["pipe", "pipe", "inherit"] });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return { child, line: async () => (await lines.next()).value as string };
  });
  await Promise.all(racers.map((racer) => racer.line()));
  const owner = JSON.stringify(await dead());
  for (let round = 0; round < 20; round += 1) {
    const file = path.join(folder, `lock-${round}`);
    if (round % 4 !== 3) writeFileSync(file, owner);
    for (const { child } of racers) child.stdin.write(`${file}\n`);
    const answers = await Promise.all(racers.map((racer) => racer.line()));
    const winner = racers.find((_, index) => answers[index] === "acquired")?.child.pid;
    expect(answers.sort()).toEqual(["acquired", ...Array(15).fill(`held by ${winner}`)]);
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ pid: winner });
  }
  expect(readdirSync(folder)).toHaveLength(20);
  const gone = racers.map(({ child }) => once(child, "exit"));
  for (const { child } of racers) child.stdin.end();
  await Promise.all(gone);
});

test("a lock whose owner was killed is taken over by the next", async () => {
  const file = path.join(scratchFolder(), "lock");
  const script = path.join(compiled.folder, "hold.js");
  writeFileSync(
    script,
    `import { acquireLock } from "./host/lock.js";
     console.log((await acquireLock(process.argv[2])).type);
     setInterval(() => undefined, 1000);`,
  );
  const holder = spawn(process.execPath, [script, file], { stdio: ["ignore", "pipe", "inherit"] });
  expect(String(await once(holder.stdout, "data"))).toBe("acquired\n");
  expect(await acquireLock(file)).toMatchObject({ type: "held", by: { pid: holder.pid } });
  holder.kill("SIGKILL");
  await once(holder, "exit");
  await taken(await acquireLock(file)).release();
});
