/** Children that look for a match in texts, started when first needed. A child that dies or takes too long over a text is replaced;
 *  of whose text that was is told, and nobody waits for ever. */
import type { SearchBatch, SearchJob, TextSearched } from "./codemod-protocol.ts";
import { type FileChild, startFileChild } from "./codemod-rule-child.ts";

export interface TextPool {
  /** Answers of each text in order; of what came after a text that failed there is no answer. At most `children` at once. */
  search(texts: SearchBatch["texts"]): Promise<readonly TextSearched[]>;
  close(): Promise<void>;
}

export interface TextPoolOptions {
  readonly job: SearchJob;
  readonly environment: Readonly<Record<string, string>>;
  readonly children: number;
  readonly fileTimeMs: number;
}

interface Asked {
  readonly answers: TextSearched[];
  readonly settle: (answers: readonly TextSearched[]) => void;
}

interface Searcher {
  readonly child: FileChild<SearchBatch>;
  asked: Asked | undefined;
  isGone: boolean;
}

export function createTextPool(options: TextPoolOptions): TextPool {
  const searchers: Searcher[] = [];
  const idle = (): Searcher => {
    const free = searchers.find(({ asked, isGone }) => asked === undefined && !isGone);
    if (free !== undefined) return free;
    const made = startSearcher(options);
    searchers.push(made);
    return made;
  };
  return {
    search: (texts) => {
      if (texts.length === 0) return Promise.resolve([]);
      const searcher = idle();
      return new Promise((settle) => {
        searcher.asked = { answers: [], settle };
        searcher.child.feed(
          { texts },
          texts.map(({ path }) => path),
        );
      });
    },
    close: async () => {
      for (const { child } of searchers) child.kill();
      await Promise.all(searchers.map(({ child }) => child.gone));
    },
  };
}

function startSearcher(options: TextPoolOptions): Searcher {
  const settle = (searcher: Searcher): void => {
    const { asked } = searcher;
    searcher.asked = undefined;
    asked?.settle(asked.answers);
  };
  const searcher: Searcher = {
    child: startFileChild<SearchBatch, TextSearched>({
      ...options,
      kind: "search",
      done: (_, answer) => searcher.asked?.answers.push(answer),
      batchDone: () => settle(searcher),
      ended: (why) => {
        searcher.isGone = true;
        searcher.asked?.answers.push({ state: "failed", why });
        settle(searcher);
      },
    }),
    asked: undefined,
    isGone: false,
  };
  return searcher;
}
