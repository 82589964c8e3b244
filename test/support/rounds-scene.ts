/** The woven scene with workers who leave something over: what all of it must come to is the same, two rounds later. */
import { makeScene, type Scene } from "./woven-scene.ts";

const worker = `
case $PLEACH_UNIT in
alpha) echo alpha LEFT > alpha/file; echo alpha new > alpha/new;;
alpha-r1) grep -q 'alpha LEFT' "$AGENT_TASK_FILE" && echo alpha done > alpha/file;;
beta) echo beta done > beta/file;;
gamma) echo gamma LEFT > gamma/file;;
gamma-r1) echo gamma LEFT again > gamma/file;;
gamma-r2) echo gamma done > gamma/file;;
delta) echo alpha done beta done > delta/file;;
esac
echo "$PLEACH_UNIT did it"
`;

const unit = (id: string, after: readonly string[] = []) => ({
  id,
  title: `Do ${id}`,
  instructions: `Do ${id}.`,
  owns: [`${id}/**`],
  after,
});

const plan = {
  version: 1,
  goal: "Weave",
  units: [unit("alpha"), unit("beta"), unit("gamma"), unit("delta", ["alpha", "beta"])],
  doneWhen: [
    { name: "woven", run: "test -e delta/file" },
    { name: "nothing left", match: { regex: "left", flags: "i" }, files: ["*/file"] },
  ],
};

export function makeRoundsScene(): Promise<Scene> {
  const workers = { hand: { type: "command", command: worker } };
  return makeScene({ plan, config: { workers } });
}
