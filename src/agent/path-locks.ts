/** Who changes which paths of a worktree right now. All paths of one holder are given at once, in the order of asking, and
 *  never one by one: so nobody holds one while waiting for another, and there is no deadlock. It must never be asked again
 *  from within what it lets run. */

interface Holder {
  readonly paths: readonly string[];
  /** Lets the holder begin; undefined once it has. */
  begin: (() => void) | undefined;
}

export class PathLocks {
  /** In the order of asking; those who have begun hold their paths. */
  readonly #holders = new Set<Holder>();

  /** Runs `work` while nobody else changes these paths, a folder above them or a file below them. Throws the signal's
   *  reason if it aborts while waiting; work that has begun looks at the signal itself. */
  async hold<T>(paths: readonly string[], signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const holder: Holder = { paths: [...new Set(paths)], begin: undefined };
    const turn = this.#turnOf(holder, signal);
    try {
      await turn;
      return await work();
    } finally {
      this.#holders.delete(holder);
      this.#letBegin();
    }
  }

  #turnOf(holder: Holder, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = () => reject(signal.reason);
      holder.begin = () => {
        holder.begin = undefined;
        signal.removeEventListener("abort", abort);
        resolve();
      };
      signal.addEventListener("abort", abort, { once: true });
      this.#holders.add(holder);
      this.#letBegin();
    });
  }

  #letBegin(): void {
    const before: Holder[] = [];
    for (const holder of this.#holders) {
      if (holder.begin !== undefined && !before.some((other) => meet(other, holder))) {
        holder.begin();
      }
      before.push(holder);
    }
  }
}

function meet(one: Holder, other: Holder): boolean {
  return one.paths.some((a) =>
    other.paths.some((b) => a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`)),
  );
}
