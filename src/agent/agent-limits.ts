/** How much an agent may go wrong before it is ended. */

/** Bad calls in a row. */
export const strikesMax = 5;
/** Answers in a row that say nothing and do nothing. */
export const emptyAnswersMax = 3;
/** The same call with the same result: so often is warned of. */
export const repeatsWarned = 3;
/** So often ends it. */
export const repeatsMax = 5;
