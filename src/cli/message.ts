/** `pleach message`: says something to a unit. At work its agent, or its command, reads it; an agent that has ended goes on with
 *  its conversation, and where the run had finished this command waits for what it says. */
import type { Command } from "commander";
import { usage } from "./failure.ts";
import { addGlobals, type Session } from "./surface.ts";

export function defineMessage(command: Command, session: Session): void {
  command
    .description(
      "Says something to a unit, or to one of its agents. An agent of a finished run goes on with its conversation.",
    )
    .argument("<run/unit>", "the unit, or RUN/UNIT/AGENT; without a run, of the newest")
    .argument("<text...>", "what to say");
  addGlobals(command).action((name: string, words: readonly string[]) =>
    session.act(command, async (surface) => {
      const { run, unit, agent } = addressee(name);
      const { sayTo } = await import("./say.ts");
      return sayTo(surface, run, { type: "message", unit, agent, text: words.join(" ") });
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
