/** A line of what a model does that makes a plan, as the story of a run says who and what. */
import { oneLine } from "../core/text.ts";
import { sayTime } from "../view/words.ts";

export function planningLine(text: string): string {
  return `${sayTime(Date.now())} plan    ${oneLine(text)}`;
}
