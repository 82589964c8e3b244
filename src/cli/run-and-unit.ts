/** Names of runs and units as people type them. */
import { isRunId } from "../core/id.ts";
import { usage } from "./failure.ts";

export interface RunAndUnit {
  readonly run: string | undefined;
  readonly unit: string | undefined;
}

/** `RUN`, `RUN/UNIT`, or `UNIT` of the newest run. */
export function runAndUnit(text: string): RunAndUnit {
  const [first = "", second, ...more] = text.split("/");
  if (first === "" || second === "" || more.length > 0) {
    throw usage(
      "bad_name",
      `${text} is neither RUN nor RUN/UNIT`,
      "see `pleach status` for the names",
    );
  }
  if (second !== undefined) return { run: first, unit: second };
  return isRunId(first) ? { run: first, unit: undefined } : { run: undefined, unit: first };
}
