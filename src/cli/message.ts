/** `pleach message`: says something to a unit at work; its agent, or its command, reads it. */
import type { Command } from "commander";
import { usage } from "./failure.ts";
import { addGlobals, type Session } from "./surface.ts";

export function defineMessage(command: Command, session: Session): void {
  command
    .description("Says something to a unit at work, or to one of its agents.")
    .argument("<run/unit>", "the unit, or RUN/UNIT/AGENT; without a run, of the newest")
    .argument("<text...>", "what to say");
  addGlobals(command).action((name: string, words: readonly string[]) =>
    session.act(command, async (surface) => {
      const { run, unit, agent } = addressee(name);
      const { speakTo } = await import("./speak.ts");
      return speakTo(surface, run, { type: "message", unit, agent, text: words.join(" ") });
    }),
  );
}

/** `UNIT`, `RUN/UNIT` or `RUN/UNIT/AGENT`. */
function addressee(name: string) {
  const [first = "", second, third, ...more] = name.split("/");
  if ([first, second, third].includes("") || more.length > 0) {
    throw usage(
      "bad_name",
      `${name} is neither RUN/UNIT nor RUN/UNIT/AGENT`,
      "see `pleach status` for the names",
    );
  }
  if (second === undefined) return { run: undefined, unit: first, agent: undefined };
  return { run: first, unit: second, agent: third };
}
