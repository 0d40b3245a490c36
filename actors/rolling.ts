/**
 * The last 24 hours of a device's measures, in hourly buckets: what features and rules look at
 * without asking the log.
 *
 * Per measure one flat array of 24 × [count, sum, sum of squares, min, max], the bucket of an hour
 * at its number modulo 24. Plain numbers, so that a state stays small and a snapshot is quick.
 */

const HOURS = 24;
const FIELDS = 5;
export const HOUR_MS = 3_600_000;

/**
 * Further measures of one device are not aggregated here: the state has a bound. Two bearings have
 * sixteen; twenty fit into 54 KB of JSON even if every number of every hour has all its digits.
 */
export const MEASURES_MAX = 20;

export interface Rolling {
  /** Hours since 1970 of the newest bucket; null before the first value. */
  hour: number | null;
  readonly measures: Record<string, number[]>;
}

export interface Aggregate {
  readonly count: number;
  readonly sum: number;
  readonly sumOfSquares: number;
  readonly min: number;
  readonly max: number;
}

export function emptyRolling(): Rolling {
  return { hour: null, measures: {} };
}

/** Adds a value at a moment (epoch ms); one from before the last 24 hours changes nothing. */
export function addValue(
  rolling: Rolling,
  name: string,
  at: number,
  value: number,
  measuresMax = MEASURES_MAX,
): void {
  const hour = Math.floor(at / HOUR_MS);
  if (rolling.hour === null || hour > rolling.hour) advance(rolling, hour);
  else if (hour <= rolling.hour - HOURS) return;

  let cells = rolling.measures[name];
  if (cells === undefined) {
    if (Object.keys(rolling.measures).length >= measuresMax) return;
    cells = new Array<number>(HOURS * FIELDS).fill(0);
    rolling.measures[name] = cells;
  }
  const at0 = (hour % HOURS) * FIELDS;
  const count = cells[at0] ?? 0;
  const number = value + 0; // JSON has no minus zero.
  cells[at0] = count + 1;
  cells[at0 + 1] = finite((cells[at0 + 1] ?? 0) + number);
  cells[at0 + 2] = finite((cells[at0 + 2] ?? 0) + number * number);
  cells[at0 + 3] = count === 0 ? number : Math.min(cells[at0 + 3] ?? number, number);
  cells[at0 + 4] = count === 0 ? number : Math.max(cells[at0 + 4] ?? number, number);
}

/** An infinite sum could not be written down as JSON. */
function finite(value: number): number {
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value));
}

/** Moves the window on to an hour: what fell out of it is forgotten. */
function advance(rolling: Rolling, hour: number): void {
  const from = rolling.hour;
  rolling.hour = hour;
  if (from === null) return;
  const forgotten = Math.min(HOURS, hour - from);
  for (const cells of Object.values(rolling.measures)) {
    if (forgotten === HOURS) {
      cells.fill(0);
      continue;
    }
    for (let passed = hour - forgotten + 1; passed <= hour; passed++) {
      const at0 = (passed % HOURS) * FIELDS;
      cells.fill(0, at0, at0 + FIELDS);
    }
  }
}

/** Sum and count of a measure in one of the last 24 hours, by hours since 1970; undefined where none. */
export function inHour(
  { hour: newest, measures }: Rolling,
  name: string,
  hour: number,
): { count: number; sum: number } | undefined {
  const cells = measures[name];
  if (cells === undefined || newest === null || hour > newest || hour <= newest - HOURS) {
    return undefined;
  }
  const at0 = (hour % HOURS) * FIELDS;
  const count = cells[at0] ?? 0;
  return count === 0 ? undefined : { count, sum: cells[at0 + 1] ?? 0 };
}

/** One measure over the last 24 hourly buckets; undefined where it has no value there. */
export function aggregate(rolling: Rolling, name: string): Aggregate | undefined {
  const cells = rolling.measures[name];
  if (cells === undefined) return undefined;
  let count = 0;
  let sum = 0;
  let sumOfSquares = 0;
  let min = Infinity;
  let max = -Infinity;
  for (let at0 = 0; at0 < cells.length; at0 += FIELDS) {
    const inHour = cells[at0] ?? 0;
    if (inHour === 0) continue;
    count += inHour;
    sum += cells[at0 + 1] ?? 0;
    sumOfSquares += cells[at0 + 2] ?? 0;
    min = Math.min(min, cells[at0 + 3] ?? min);
    max = Math.max(max, cells[at0 + 4] ?? max);
  }
  return count === 0 ? undefined : { count, sum, sumOfSquares, min, max };
}
