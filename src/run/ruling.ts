/** What the loop makes of a request. */
import type { RunEvent } from "../core/event.ts";

export interface Refused {
  readonly type: "refused";
  readonly why: string;
}

/** Undefined where the request changes nothing: it came late, twice, or names what is not there. */
export type Ruling = RunEvent | Refused | undefined;
