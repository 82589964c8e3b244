/** Durations as people write them: `500ms`, `90s`, `15m`, `2h`, `1d`. */

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** What a duration looks like; at most twelve digits. */
export const durationForm = /^(\d{1,12}(?:\.\d{1,3})?)(ms|s|m|h|d)$/;

/** The longest wait that a timer of Node can hold is a little above this. */
export const durationMaxMs = 24 * unitMs.d;

/** Milliseconds, or undefined for what is no duration, is nothing, or is longer than 24 days. */
export function parseDuration(text: string): number | undefined {
  const parts = durationForm.exec(text.trim());
  if (parts === null) return undefined;
  const ms = Math.round(Number(parts[1]) * unitMs[parts[2] as keyof typeof unitMs]);
  return ms >= 1 && ms <= durationMaxMs ? ms : undefined;
}

/** The shortest text that parses back to exactly `ms`. */
export function durationText(ms: number): string {
  for (const unit of ["h", "m", "s"] as const) {
    if (ms >= unitMs[unit] && ms % unitMs[unit] === 0) return `${ms / unitMs[unit]}${unit}`;
  }
  return `${ms}ms`;
}

/** A time that is only guessed: rounded, so that nobody takes it for more than it is. */
export function sayRoughly(seconds: number): string {
  if (seconds < 90) return `about ${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `about ${minutes} min` : `about ${Math.round(minutes / 6) / 10} h`;
}
