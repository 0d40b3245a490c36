/**
 * Which rows to learn from and which to be judged by, so that nothing of the judgement is known
 * beforehand.
 *
 * A row stands for a moment and is labelled by what follows within the gap. Rows whose label reaches
 * into the time of judgement are left out of learning, and so are those that tell of a failure
 * which rows of the judgement tell of, too.
 */

export interface Moments {
  /** Of each row, epoch ms; in any order. */
  readonly at: ArrayLike<number>;
  /** The failure a row tells of, −1 for none. */
  readonly episode: ArrayLike<number>;
}

const NO_EPISODE = -1;

/** Places of rows, ascending in time. */
export interface Fold {
  readonly learn: Int32Array;
  readonly judge: Int32Array;
}

/**
 * Folds that learn from all that was before and judge by what came next. The first part of time is
 * only learned from. Parts have as many rows as moments shared by many rows allow; a fold with
 * nothing on either side is left out.
 */
export function expandingFolds(moments: Moments, folds: number, gapMs: number): Fold[] {
  const parts = partsOfTime(moments, new Array(folds + 1).fill(1));
  return parts.slice(1).map((judge, i) => ({
    learn: withoutTelltales(parts.slice(0, i + 1), judge, moments, gapMs),
    judge,
  })).filter(({ learn, judge }) => learn.length > 0 && judge.length > 0);
}

/**
 * Consecutive parts of time, by their shares of the rows, each cleared of what tells of any later
 * part: to learn, to stop by, to calibrate, to be judged by.
 */
export function consecutiveParts(
  moments: Moments,
  shares: readonly number[],
  gapMs: number,
): Int32Array[] {
  const parts = partsOfTime(moments, shares);
  return parts.map((part, i) => {
    const later = parts.slice(i + 1).filter(({ length }) => length > 0);
    return later.reduce((left, next) => withoutTelltales([left], next, moments, gapMs), part);
  });
}

/** Rows of these that neither reach into the time of the later ones nor share an episode with them. */
function withoutTelltales(
  earlier: readonly Int32Array[],
  later: Int32Array,
  { at, episode }: Moments,
  gapMs: number,
): Int32Array {
  const start = at[later[0] as number] as number;
  const told = new Set(Array.from(later, (row) => episode[row] as number));
  told.delete(NO_EPISODE);
  return Int32Array.from(
    earlier.flatMap((part) => [...part]).filter((row) =>
      (at[row] as number) + gapMs < start && !told.has(episode[row] as number)
    ),
  );
}

/** All rows, in order of time, cut by shares; rows of one moment stay together. */
function partsOfTime({ at }: Moments, shares: readonly number[]): Int32Array[] {
  const momentOf = (row: number) => at[row] as number;
  const rows = Int32Array.from({ length: at.length }, (_, row) => row)
    .sort((a, b) => momentOf(a) - momentOf(b) || a - b);
  const total = shares.reduce((sum, share) => sum + share, 0);
  let through = 0;
  let from = 0;
  return shares.map((share, i) => {
    through += share;
    let to = i === shares.length - 1 ? rows.length : Math.round(rows.length * through / total);
    to = Math.max(from, to);
    while (
      to > 0 && to < rows.length &&
      momentOf(rows[to] as number) === momentOf(rows[to - 1] as number)
    ) to++;
    const part = rows.subarray(from, to);
    from = to;
    return part;
  });
}

/** Folds by groups, such as machines: each judges once by all rows of some, in their old order. */
export function groupedFolds(group: ArrayLike<number>, folds: number): Fold[] {
  const groups = [...new Set(Array.from(group))].sort((a, b) => a - b);
  const foldOf = new Map(
    groups.map((own, i) => [own, Math.floor(i * folds / groups.length)]),
  );
  const rows = Int32Array.from({ length: group.length }, (_, row) => row);
  return Array.from({ length: folds }, (_, fold) => ({
    learn: rows.filter((row) => foldOf.get(group[row] as number) !== fold),
    judge: rows.filter((row) => foldOf.get(group[row] as number) === fold),
  })).filter(({ learn, judge }) => learn.length > 0 && judge.length > 0);
}
