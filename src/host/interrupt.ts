/** Ctrl-C and its kin: the first asks to wind down, any further one to stop now. */

export type Interrupt = "SIGINT" | "SIGTERM" | "SIGHUP";

const interrupts: readonly Interrupt[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/** While it is in place none of the three ends the process by itself; after `dispose` they do again. */
export function onInterrupt(answer: {
  readonly first: (signal: Interrupt) => void;
  readonly second: (signal: Interrupt) => void;
}): { dispose(): void } {
  let interrupted = false;
  const listen = (signal: NodeJS.Signals): void => {
    const tell = interrupted ? answer.second : answer.first;
    interrupted = true;
    tell(signal as Interrupt);
  };
  for (const signal of interrupts) process.on(signal, listen);
  return {
    dispose: () => {
      for (const signal of interrupts) process.off(signal, listen);
    },
  };
}
