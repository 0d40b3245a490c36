/** Which rows a failure model is judged by: later times, or devices it has never seen. */
import { type FailureRows, HORIZON_MS } from "../features/mod.ts";
import { consecutiveParts, type Fold, groupedFolds } from "../folds.ts";

/** The first three quarters of the rows, cleared of what tells of the last, and these. */
export function laterTimes({ times, episodes }: FailureRows): Fold {
  const parts = consecutiveParts({ at: times, episode: episodes }, [3, 1], HORIZON_MS);
  // Alarms are followed device by device, as the rows were before they were cut by time.
  const [learn, judge] = parts.map((part) => part.toSorted()) as [Int32Array, Int32Array];
  return { learn, judge };
}

/**
 * The last quarter of some rows, and of all rows those of before that neither reach into its time
 * nor tell of a failure it tells of.
 */
export function laterTimesAmong(
  { times, episodes }: FailureRows,
  isOne: (row: number) => boolean,
): Fold {
  const all = Int32Array.from(times.keys());
  const moments = Float64Array.from(all.filter(isOne), (row) => times[row] as number).sort();
  const cut = moments[Math.floor(moments.length * 3 / 4)] ?? Infinity;
  const judge = all.filter((row) => isOne(row) && (times[row] as number) >= cut);
  const told = new Set(Array.from(judge, (row) => episodes[row] as number));
  told.delete(-1);
  const learn = all.filter((row) =>
    (times[row] as number) + HORIZON_MS < cut && !told.has(episodes[row] as number)
  );
  return { learn, judge };
}

const GROUPS = 4;

/** Four times three quarters of the devices, and the others: each row is judged by once. */
export function otherDevices({ devices }: FailureRows): Fold[] {
  return groupedFolds(devices, GROUPS);
}
