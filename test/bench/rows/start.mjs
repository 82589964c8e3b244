// How long `pleach --version` and `--help` take, beside a Node that does nothing.
import { spawnSync } from "node:child_process";
import path from "node:path";
import { timed } from "../measure.mjs";

const program = path.resolve(import.meta.dirname, "../../../dist/main.js");
const run = (args) => () =>
  timed(() => {
    const { status } = spawnSync(process.execPath, args, { stdio: "ignore" });
    if (status !== 0) throw new Error(`node ${args.join(" ")} ended with ${status}`);
  });

export const row = {
  title: "Start of the program",
  unit: "ms",
  parts: [
    () => ({
      label: "`--version` and `--help`",
      repeats: 21,
      variants: [
        { name: "node -e 0", role: "floor", measure: run(["-e", "0"]) },
        { name: "pleach --version", role: "ours", measure: run([program, "--version"]) },
        { name: "pleach --help", role: "ours", measure: run([program, "--help"]) },
      ],
      ratios: [
        { of: "pleach --version", over: "node -e 0", most: 1.6 },
        { of: "pleach --help", over: "node -e 0", most: 1.6 },
      ],
    }),
  ],
};
