/** Words of agents for one line of a status or a report. */

const charactersMax = 200;

export function shortened(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > charactersMax ? `${line.slice(0, charactersMax - 1)}…` : line;
}
