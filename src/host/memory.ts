/** Keeping our own memory small: every program that we start blocks us in proportion to it, for the system copies the tables of
 *  all our pages. */
import v8 from "node:v8";

/** The space for new objects stays as small as it begins, a sixteenth of what it would grow to: emptying it more often costs
 *  less than carrying it along. What it has grown to already stays. What has grown old is collected each time that it grew by a
 *  fifth, instead of up to four times over. */
export function keepMemorySmall(): void {
  v8.setFlagsFromString("--semi-space-growth-factor=1");
  v8.setFlagsFromString("--heap-growing-percent=20");
}

/** Where agents are at work in this process it is the other way round: they make many objects and start few programs. */
export function letMemoryGrow(): void {
  v8.setFlagsFromString("--semi-space-growth-factor=2");
  v8.setFlagsFromString("--heap-growing-percent=0");
}
