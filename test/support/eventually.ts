/** Waiting for something to become so, looking again and again, with a deadline. */
import { setTimeout as delay } from "node:timers/promises";

const deadlineMs = 20_000;
const lookAgainMs = 20;

export async function eventually(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const began = performance.now();
  while (!(await isSo())) {
    if (performance.now() - began > deadlineMs) throw new Error(`it did not become so: ${isSo}`);
    await delay(lookAgainMs);
  }
}
