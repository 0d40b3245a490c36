/**
 * Machines as Microsoft's predictive-maintenance set has them: hourly telemetry, errors, failures
 * and maintenance, and what can be known of a machine strictly before a moment.
 *
 * There is no hour of day among the features, nor anything that gives it away: what is logged at
 * six in the morning every time, as maintenance is, counts in whole days. Times since an error are
 * kept, in hours: an error is something the machine says.
 */
import type { FailureRows } from "./rows.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
export const WINDOW_MS = DAY_MS;
export const HORIZON_MS = 4 * HOUR_MS;
const SHORT_HOURS = 3;
/** A row needs so many of the last 24 hours' telemetry. */
const HOURS_MIN = 20;
/** Telemetry that goes on for as many days was not picked for what happens in it. */
const CONTIGUOUS_DAYS_MIN = 60;

export const CHANNELS = ["volt", "rotate", "pressure", "vibration"] as const;
export const ERRORS = ["error1", "error2", "error3", "error4", "error5"] as const;
export const COMPONENTS = ["comp1", "comp2", "comp3", "comp4"] as const;
export const MODELS = ["model1", "model2", "model3", "model4"] as const;

export interface Logged {
  /** Epoch ms. */
  readonly at: number;
  /** Which error or which component. */
  readonly what: string;
}

/** All lists are in the order of time. */
export interface Machine {
  readonly id: string;
  readonly model: string;
  /** Years. */
  readonly age: number;
  /** Epoch ms of each row of telemetry. */
  readonly times: Float64Array;
  /** Row by row, `CHANNELS` in each. */
  readonly telemetry: Float64Array;
  readonly errors: readonly Logged[];
  readonly failures: readonly Logged[];
  readonly maintenance: readonly Logged[];
}

interface Seen {
  readonly machine: Machine;
  readonly at: number;
  /** Rows of telemetry: of the last 24 hours, of the last three. */
  readonly from: number;
  readonly shortFrom: number;
  readonly until: number;
}

type Feature = readonly [name: string, of: (seen: Seen) => number];

const FROM_TELEMETRY: readonly Feature[] = CHANNELS.flatMap((name, channel): Feature[] => [
  [`${name}_last`, (seen) => value(seen, channel, seen.until - 1)],
  [`${name}_mean_3h`, (seen) => mean(seen, channel, seen.shortFrom)],
  [`${name}_mean_24h`, (seen) => mean(seen, channel, seen.from)],
  [`${name}_sd_24h`, (seen) => deviation(seen, channel)],
  [`${name}_min_24h`, (seen) => extreme(seen, channel, Math.min)],
  [`${name}_max_24h`, (seen) => extreme(seen, channel, Math.max)],
  [`${name}_slope_24h`, (seen) => slope(seen, channel)],
]);

const FROM_LOGS: readonly Feature[] = [
  ...ERRORS.flatMap((error): Feature[] => [
    [`${error}_24h`, (seen) => errorsWithin(seen, error).length],
    [`hours_since_${error}`, (seen) => hoursSince(seen, errorsWithin(seen, error).at(-1))],
  ]),
  ...COMPONENTS.map((component): Feature => [
    `days_since_${component}`,
    ({ machine, at }) => wholeDaysSince(at, lastBefore(machine.maintenance, at, component)),
  ]),
  ["age_years", ({ machine }) => machine.age],
  ...MODELS.map((model): Feature => [model, ({ machine }) => Number(machine.model === model)]),
];

const FEATURES = [...FROM_TELEMETRY, ...FROM_LOGS];

/** The columns; those of the telemetry come first. */
export const PDM_FEATURE_NAMES: readonly string[] = FEATURES.map(([name]) => name);
export const PDM_TELEMETRY_FEATURES = FROM_TELEMETRY.length;

/** What can be known strictly before a moment. NaN for what is not known. */
export function pdmFeatures(machine: Machine, at: number): Float32Array {
  const { times } = machine;
  const seen: Seen = {
    machine,
    at,
    from: firstFrom(times, at - WINDOW_MS),
    shortFrom: firstFrom(times, at - SHORT_HOURS * HOUR_MS),
    until: firstFrom(times, at),
  };
  return Float32Array.from(FEATURES, ([, of]) => of(seen));
}

/** Whether a failure comes after a moment and no later than the horizon after it. */
export function pdmLabel({ failures }: Machine, at: number): boolean {
  return failures.some((failure) => failure.at > at && failure.at <= at + HORIZON_MS);
}

/** The hours at which a row can be judged: most of the last 24 hours and of the horizon is there. */
export function pdmAnchors({ times }: Machine): number[] {
  const anchors: number[] = [];
  const last = times.at(-1) ?? -Infinity;
  for (let row = HOURS_MIN - 1; row < times.length; row++) {
    const at = (times[row] as number) + HOUR_MS;
    if (row + 1 - firstFrom(times, at - WINDOW_MS) >= HOURS_MIN && at <= last) anchors.push(at);
  }
  return anchors;
}

/**
 * Whether each moment lies in a long stretch of unbroken telemetry. The rest of the set was picked
 * around failures, so only there base rates and precisions are those of life.
 */
export function areContiguous({ times }: Machine, moments: readonly number[]): boolean[] {
  const stretches: { from: number; until: number }[] = [];
  let from = times[0] ?? 0;
  for (let row = 1; row <= times.length; row++) {
    const before = times[row - 1] as number;
    if (row < times.length && (times[row] as number) - before <= 2 * HOUR_MS) continue;
    if (before - from >= CONTIGUOUS_DAYS_MIN * DAY_MS) stretches.push({ from, until: before });
    from = times[row] ?? 0;
  }
  return moments.map((at) => stretches.some(({ from, until }) => at >= from && at <= until));
}

/**
 * The rule of one line that this set is known to yield to: an error at six in the morning, a
 * failure 24 hours later. It looks at the clock; the models do not.
 */
export function oneLineRule({ errors }: Machine, at: number): boolean {
  return errors.some((error) =>
    error.at < at && new Date(error.at).getUTCHours() === 6 &&
    error.at + DAY_MS > at && error.at + DAY_MS <= at + HORIZON_MS
  );
}

/** What was is what will be: a failure in the last 24 hours. */
export function persistence({ failures }: Machine, at: number): boolean {
  return failures.some((failure) => failure.at < at && failure.at >= at - WINDOW_MS);
}

export interface PdmRows extends FailureRows {
  /** Per row: 1 where its machine's telemetry was not picked around failures. */
  readonly contiguous: Uint8Array;
  /** Per row: 1 where the one-line rule, or persistence, foretells a failure. */
  readonly rule: Uint8Array;
  readonly persistence: Uint8Array;
}

/** The rows of all machines; at the moments given per machine, or at every hour that can be judged. */
export function pdmRows(
  machines: readonly Machine[],
  momentsOf: (machine: Machine) => readonly number[] = pdmAnchors,
): PdmRows {
  const moments = machines.map(momentsOf);
  const count = moments.reduce((sum, own) => sum + own.length, 0);
  const columns = PDM_FEATURE_NAMES.length;
  const rows: PdmRows = {
    names: PDM_FEATURE_NAMES,
    matrix: new Float32Array(count * columns),
    labels: new Uint8Array(count),
    times: new Float64Array(count),
    devices: new Int32Array(count),
    episodes: new Int32Array(count),
    contiguous: new Uint8Array(count),
    rule: new Uint8Array(count),
    persistence: new Uint8Array(count),
  };
  let row = 0;
  let failuresBefore = 0;
  for (const [device, machine] of machines.entries()) {
    const own = moments[device] ?? [];
    const contiguous = areContiguous(machine, own);
    for (const [index, at] of own.entries()) {
      rows.matrix.set(pdmFeatures(machine, at), row * columns);
      rows.labels[row] = Number(pdmLabel(machine, at));
      rows.times[row] = at;
      rows.devices[row] = device;
      const episode = episodeOf(machine, at);
      rows.episodes[row] = episode < 0 ? -1 : failuresBefore + episode;
      rows.contiguous[row] = Number(contiguous[index]);
      rows.rule[row] = Number(oneLineRule(machine, at));
      rows.persistence[row] = Number(persistence(machine, at));
      row++;
    }
    failuresBefore += machine.failures.length;
  }
  return rows;
}

/** The failure within whose day before and after a moment lies, -1 for none. Two at once are one. */
function episodeOf({ failures }: Machine, at: number): number {
  const near = failures.findIndex((failure) => Math.abs(failure.at - at) <= WINDOW_MS + HORIZON_MS);
  return failures.findIndex((failure) => failure.at === failures[near]?.at);
}

/** The first row at a moment or after it. */
function firstFrom(times: Float64Array, at: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] as number) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** NaN where the row is not within the last 24 hours. */
function value({ machine, from, until }: Seen, channel: number, row: number): number {
  if (row < from || row >= until) return NaN;
  return machine.telemetry[row * CHANNELS.length + channel] as number;
}

function mean(seen: Seen, channel: number, from: number): number {
  let sum = 0;
  for (let row = from; row < seen.until; row++) sum += value(seen, channel, row);
  return sum / (seen.until - from);
}

/** Of a sample: divided by n - 1. */
function deviation(seen: Seen, channel: number): number {
  const middle = mean(seen, channel, seen.from);
  let squares = 0;
  for (let row = seen.from; row < seen.until; row++) {
    squares += (value(seen, channel, row) - middle) ** 2;
  }
  const count = seen.until - seen.from;
  return count > 1 ? Math.sqrt(squares / (count - 1)) : NaN;
}

function extreme(seen: Seen, channel: number, of: (a: number, b: number) => number): number {
  let found = value(seen, channel, seen.from);
  for (let row = seen.from + 1; row < seen.until; row++) {
    found = of(found, value(seen, channel, row));
  }
  return found;
}

/** Per hour, by least squares. */
function slope(seen: Seen, channel: number): number {
  const { machine, from, until } = seen;
  const hour = (row: number) => ((machine.times[row] as number) - seen.at) / HOUR_MS;
  let hours = 0;
  for (let row = from; row < until; row++) hours += hour(row) / (until - from);
  let xx = 0;
  let xy = 0;
  for (let row = from; row < until; row++) {
    xx += (hour(row) - hours) ** 2;
    xy += (hour(row) - hours) * value(seen, channel, row);
  }
  return xx > 0 ? xy / xx : NaN;
}

function errorsWithin({ machine, at }: Seen, error: string): Logged[] {
  return machine.errors.filter((logged) =>
    logged.what === error && logged.at < at && logged.at >= at - WINDOW_MS
  );
}

function lastBefore(log: readonly Logged[], at: number, what: string): Logged | undefined {
  return log.findLast((logged) => logged.what === what && logged.at < at);
}

function hoursSince({ at }: Seen, logged: Logged | undefined): number {
  return logged ? (at - logged.at) / HOUR_MS : NaN;
}

function wholeDaysSince(at: number, logged: Logged | undefined): number {
  return logged ? Math.floor((at - logged.at) / DAY_MS) : NaN;
}
