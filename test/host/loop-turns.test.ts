import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { LoopTurns } from "../../src/host/loop-turns.ts";
import { takePipe } from "../../src/host/pipe.ts";

test("so many begin in one turn of the event loop and no more, in the order in which they came", async () => {
  const turns = new LoopTurns(2);
  const begun: { readonly at: number; readonly turn: number }[] = [];
  let turn = 0;
  let isOver = false;
  const count = () => {
    turn += 1;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  await Promise.all(
    Array.from({ length: 7 }, async (_, at) => {
      await turns.take();
      begun.push({ at, turn });
    }),
  );
  isOver = true;
  expect(begun.map(({ at }) => at)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  for (let each = 0; each <= turn; each += 1) {
    expect(begun.filter((one) => one.turn === each).length).toBeLessThanOrEqual(2);
  }
});

test("pipes that are asked for at once come out of the same batches", async () => {
  const asked = 40;
  const before = readdirSync("/proc/self/fd").length;
  const pipes = await Promise.all(Array.from({ length: asked }, () => takePipe()));
  const opened = (readdirSync("/proc/self/fd").length - before) / 2;
  expect(new Set(pipes.map((pipe) => pipe?.readEnd)).size).toBe(asked);
  expect(opened).toBeLessThan(asked + 16);
});
