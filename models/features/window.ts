/**
 * What an ATM's history adds up to over the last hours.
 *
 * A row of features adds up nine thousand numbers, so loops run over one thing after the other, down
 * its column of the buckets, with what they gather in local variables.
 */
import { BUCKET_MS, BUCKETS, COUNTS, N, V, VALUES } from "./buckets.ts";
import type { AtmHistory } from "./history.ts";

/** What is known of a measure's values from its buckets. */
export interface Measured {
  /** NaN without any. */
  mean: number;
  /** Of a sample: divided by n - 1. NaN for fewer than two values, and where squares are not kept. */
  deviation: number;
  /** The least or the most, whichever is kept; NaN where neither is. */
  extreme: number;
}

interface Column {
  /** Where its values are counted, and where their mean stands. */
  readonly counted: number;
  readonly mean: number;
  /** Squared distances from the mean stand behind it. */
  readonly squares?: true;
  readonly extreme?: { readonly at: number; readonly of: "least" | "most" };
}

const COLUMNS = {
  cash: {
    counted: N.cash,
    mean: V.cashMean,
    squares: true,
    extreme: { at: V.cashMin, of: "least" },
  },
  temperature: {
    counted: N.temperature,
    mean: V.temperatureMean,
    squares: true,
    extreme: { at: V.temperatureMax, of: "most" },
  },
  cpu: { counted: N.cpu, mean: V.cpuMean, extreme: { at: V.cpuMax, of: "most" } },
  memory: { counted: N.memory, mean: V.memoryMean, extreme: { at: V.memoryMax, of: "most" } },
  latency: { counted: N.latency, mean: V.latencyMean, squares: true },
} as const satisfies Readonly<Record<string, Column>>;

export type Measure = keyof typeof COLUMNS;

/** The records of some hours up to a moment, the latest excluded. Filled again and again. */
export class Window implements Readonly<Record<Measure, Measured>> {
  readonly counts = new Float64Array(COUNTS);
  readonly cash = nothingMeasured();
  readonly temperature = nothingMeasured();
  readonly cpu = nothingMeasured();
  readonly memory = nothingMeasured();
  readonly latency = nothingMeasured();

  fill(history: AtmHistory, at: number, hours: number): void {
    const slots = slotsOf(history, at, hours);
    sumUp(history.counts, slots, this.counts);
    measure(history, slots, COLUMNS.cash, this.cash);
    measure(history, slots, COLUMNS.temperature, this.temperature);
    measure(history, slots, COLUMNS.cpu, this.cpu);
    measure(history, slots, COLUMNS.memory, this.memory);
    measure(history, slots, COLUMNS.latency, this.latency);
  }
}

function nothingMeasured(): Measured {
  return { mean: NaN, deviation: NaN, extreme: NaN };
}

/** Slots of consecutive buckets, the oldest first: so many from the first one, then round the end. */
interface Slots {
  readonly from: number;
  readonly count: number;
  readonly capacity: number;
  /** By how many buckets the first is older than that of the moment. */
  readonly age: number;
}

const PAIRS = COUNTS / 2;
const BUCKETS_PER_HOUR = 3_600_000 / BUCKET_MS;

/** Of the last `hours` up to a moment, but for the last `without` of them. */
function slotsOf(
  { first, newest, capacity }: AtmHistory,
  at: number,
  hours: number,
  without = 0,
): Slots {
  const now = Math.floor(at / BUCKET_MS);
  const oldest = Math.max(
    now - hours * BUCKETS_PER_HOUR + 1,
    newest - BUCKETS + 1,
    first,
    0,
  );
  const last = Math.min(now - without * BUCKETS_PER_HOUR, newest);
  const count = Math.max(0, last - oldest + 1);
  return { from: oldest % capacity, count, capacity, age: now - oldest };
}

/** Two counts are read at once: they are neighbours, of 16 bits each, the first one in the low half. */
function sumUp(counts: Uint16Array, { from, count, capacity }: Slots, into: Float64Array): void {
  const pairs = new Uint32Array(counts.buffer);
  const end = Math.min(from + count, capacity);
  const rest = from + count - capacity;
  for (let pair = 0; pair < PAIRS; pair++) {
    let low = 0;
    let high = 0;
    for (let slot = from; slot < end; slot++) {
      const both = pairs[slot * PAIRS + pair] as number;
      low += both & 0xffff;
      high += both >>> 16;
    }
    for (let slot = 0; slot < rest; slot++) {
      const both = pairs[slot * PAIRS + pair] as number;
      low += both & 0xffff;
      high += both >>> 16;
    }
    into[2 * pair] = low;
    into[2 * pair + 1] = high;
  }
}

function measure(
  { counts, values }: AtmHistory,
  { from, count: buckets, capacity }: Slots,
  { counted, mean, squares, extreme }: Column,
  into: Measured,
): void {
  const direction = extreme?.of === "least" ? -1 : 1;
  const extremeAt = extreme?.at ?? mean;
  let count = 0;
  // Distances are from the first bucket's mean: near all of them, so that nothing cancels out.
  let origin = NaN;
  let distances = 0;
  let spread = 0;
  let most = -Infinity;
  let slot = from;
  for (let i = 0; i < buckets; i++, slot = slot + 1 === capacity ? 0 : slot + 1) {
    const own = counts[slot * COUNTS + counted] as number;
    if (own === 0) continue;
    const at = slot * VALUES;
    const value = values[at + mean] as number;
    if (count === 0) origin = value;
    const away = value - origin;
    count += own;
    distances += own * away;
    spread += (squares ? values[at + mean + 1] as number : 0) + own * away * away;
    const far = direction * (values[at + extremeAt] as number);
    if (far > most) most = far;
  }
  into.mean = origin + distances / count;
  into.deviation = count > 1
    ? Math.sqrt(Math.max(0, spread - distances * distances / count) / (count - 1))
    : NaN;
  into.extreme = count > 0 ? direction * most : NaN;
}

/** The mean of the hour that began 24 hours before a moment. NaN where nothing is known of it. */
export function meanOfYesterday(history: AtmHistory, at: number, of: Measure): number {
  const { counts, values } = history;
  const { counted, mean } = COLUMNS[of];
  const { from, count, capacity } = slotsOf(history, at, 24, 23);
  let weight = 0;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const slot = (from + i) % capacity;
    const own = counts[slot * COUNTS + counted] as number;
    weight += own;
    sum += own * (values[slot * VALUES + mean] as number);
  }
  return sum / weight;
}

/**
 * By how much a measure grows in an hour: the slope of the straight line through the means of its
 * buckets, each weighted by what it counts. NaN where there is but one.
 */
export function slopeOf(history: AtmHistory, at: number, hours: number, of: Measure): number {
  const { counts, values } = history;
  const { counted, mean } = COLUMNS[of];
  const { from, count: buckets, capacity, age } = slotsOf(history, at, hours);
  let weight = 0;
  let x = 0;
  let y = 0;
  let xx = 0;
  let xy = 0;
  let slot = from;
  for (let i = 0; i < buckets; i++, slot = slot + 1 === capacity ? 0 : slot + 1) {
    const count = counts[slot * COUNTS + counted] as number;
    if (count === 0) continue;
    const hour = (i - age) / BUCKETS_PER_HOUR;
    const value = values[slot * VALUES + mean] as number;
    const away = hour - x;
    weight += count;
    x += away * count / weight;
    y += (value - y) * count / weight;
    xx += count * away * (hour - x);
    xy += count * away * (value - y);
  }
  return xx > 0 ? xy / xx : NaN;
}
