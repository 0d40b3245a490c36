/**
 * The last 24 hours of a device's measures, hour by hour: what features and rules look at without
 * asking the log.
 *
 * One table of plain numbers, a row per hour in which something was told and five cells per measure,
 * laid out anew when there is more to tell: most devices of a fleet that has just come up have
 * spoken in one hour, and room for all of them would be twenty times as much.
 */

const HOURS = 24;
/** Count, sum, sum of squares, min and max. */
const FIELDS = 5;
export const HOUR_MS = 3_600_000;

/**
 * Further measures of one device are not aggregated here: the state has a bound. Two bearings have
 * sixteen; twenty fit into 54 KB of JSON even if every number of every hour has all its digits.
 */
export const MEASURES_MAX = 20;

export interface Rolling {
  /** Of the measures, in the order in which they were first told. */
  names: readonly string[];
  /** Those of the last 24 in which something was told, in hours since 1970, in no order. */
  hours: number[];
  /** Per hour, per measure: count, sum, sum of squares, min, max; zeros where there is no value. */
  cells: number[];
}

export interface Aggregate {
  readonly count: number;
  readonly sum: number;
  readonly sumOfSquares: number;
  readonly min: number;
  readonly max: number;
}

export function emptyRolling(): Rolling {
  return { names: [], hours: [], cells: [] };
}

/** Adds a value at a moment (epoch ms); one from before the last 24 hours changes nothing. */
export function addValue(
  rolling: Rolling,
  name: string,
  at: number,
  value: number,
  measuresMax = MEASURES_MAX,
): void {
  const row = rowOf(rolling, Math.floor(at / HOUR_MS));
  if (row < 0) return;
  let column = rolling.names.indexOf(name);
  if (column < 0) {
    column = rolling.names.length;
    if (column >= measuresMax) return;
    layOut(rolling, rolling.hours, rolling.names.concat([name]));
  }
  const { cells } = rolling;
  const at0 = (row * rolling.names.length + column) * FIELDS;
  const count = cells[at0] as number;
  const number = value + 0; // JSON has no minus zero.
  cells[at0] = count + 1;
  cells[at0 + 1] = finite((cells[at0 + 1] as number) + number);
  cells[at0 + 2] = finite((cells[at0 + 2] as number) + number * number);
  if (count === 0 || number < (cells[at0 + 3] as number)) cells[at0 + 3] = number;
  if (count === 0 || number > (cells[at0 + 4] as number)) cells[at0 + 4] = number;
}

/** An infinite sum could not be written down as JSON. */
function finite(value: number): number {
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value));
}

/** The row of an hour, begun where there is none; -1 where it is no longer kept. */
function rowOf(rolling: Rolling, hour: number): number {
  const row = rolling.hours.indexOf(hour);
  return row < 0 ? begin(rolling, hour) : row;
}

/** The row of a new hour: that of an hour which it makes too old, as on all days but the first. */
function begin(rolling: Rolling, hour: number): number {
  const { names, hours, cells } = rolling;
  const newest = Math.max(hour, ...hours);
  if (hour <= newest - HOURS) return -1;
  const kept = hours.filter((told) => told > newest - HOURS);
  if (kept.length !== hours.length - 1) {
    layOut(rolling, kept.concat([hour]), names);
    return kept.length;
  }
  const row = hours.findIndex((told) => told <= newest - HOURS);
  hours[row] = hour;
  const width = names.length * FIELDS;
  cells.fill(0, row * width, (row + 1) * width);
  return row;
}

/** The same values in a table for these hours and names: some are new, some hours are forgotten. */
function layOut(rolling: Rolling, hours: number[], names: readonly string[]): void {
  const widthBefore = rolling.names.length * FIELDS;
  const width = names.length * FIELDS;
  const cells = new Array<number>(hours.length * width).fill(0);
  for (const [row, hour] of hours.entries()) {
    const before = rolling.hours.indexOf(hour);
    if (before < 0) continue;
    for (let i = 0; i < widthBefore; i++) {
      cells[row * width + i] = rolling.cells[before * widthBefore + i] as number;
    }
  }
  Object.assign(rolling, { names, hours, cells });
}

/** Sum and count of a measure in one of the last 24 hours, by hours since 1970; undefined where none. */
export function inHour(
  { names, hours, cells }: Rolling,
  name: string,
  hour: number,
): { count: number; sum: number } | undefined {
  const row = hours.indexOf(hour);
  const column = names.indexOf(name);
  if (row < 0 || column < 0) return undefined;
  const at0 = (row * names.length + column) * FIELDS;
  const count = cells[at0] as number;
  return count === 0 ? undefined : { count, sum: cells[at0 + 1] as number };
}

/** One measure over the last 24 hourly buckets; undefined where it has no value there. */
export function aggregate({ names, cells }: Rolling, name: string): Aggregate | undefined {
  const column = names.indexOf(name);
  if (column < 0) return undefined;
  let count = 0;
  let sum = 0;
  let sumOfSquares = 0;
  let min = Infinity;
  let max = -Infinity;
  for (let at0 = column * FIELDS; at0 < cells.length; at0 += names.length * FIELDS) {
    const inHour = cells[at0] as number;
    if (inHour === 0) continue;
    count += inHour;
    sum += cells[at0 + 1] as number;
    sumOfSquares += cells[at0 + 2] as number;
    min = Math.min(min, cells[at0 + 3] as number);
    max = Math.max(max, cells[at0 + 4] as number);
  }
  return count === 0 ? undefined : { count, sum, sumOfSquares, min, max };
}
