/** What an ATM's history adds up to over the last hours. */
import { type AtmHistory, BUCKET_MS, BUCKETS, COUNTS, N, V, VALUES } from "./history.ts";

/** Groups of values put together, each known by its count, mean and squared distances from it. */
export class Spread {
  count = 0;
  /** Distances are from the first group's mean: near all of them, so that nothing cancels out. */
  #origin = NaN;
  #distances = 0;
  #squares = 0;

  join(count: number, mean: number, squares: number): void {
    if (this.count === 0) this.#origin = mean;
    const away = mean - this.#origin;
    this.count += count;
    this.#distances += count * away;
    this.#squares += squares + count * away * away;
  }

  get mean(): number {
    return this.#origin + this.#distances / this.count;
  }

  /** Of a sample: divided by n - 1. NaN for fewer than two. */
  deviation(): number {
    const squares = this.#squares - this.#distances * this.#distances / this.count;
    return this.count > 1 ? Math.sqrt(Math.max(0, squares) / (this.count - 1)) : NaN;
  }
}

export interface Window {
  readonly counts: Float64Array;
  readonly cash: Spread;
  readonly temperature: Spread;
  readonly cpu: Spread;
  readonly memory: Spread;
  readonly latency: Spread;
  readonly cashMin: number;
  readonly temperatureMax: number;
  readonly cpuMax: number;
  readonly memoryMax: number;
}

const BUCKETS_PER_HOUR = 3_600_000 / BUCKET_MS;

/** The records of the last `hours` up to a moment, the latest excluded. */
export function windowOf(history: AtmHistory, at: number, hours: number): Window {
  const { counts, values, newest } = history;
  const now = Math.floor(at / BUCKET_MS);
  const oldest = oldestOf(newest, now, hours);
  const sums = new Float64Array(COUNTS);
  const extremes = { cashMin: NaN, temperatureMax: NaN, cpuMax: NaN, memoryMax: NaN };
  const cash = new Measured(counts, values, N.cash, V.cashMean, true);
  const temperature = new Measured(counts, values, N.temperature, V.temperatureMean, true);
  const cpu = new Measured(counts, values, N.cpu, V.cpuMean, false);
  const memory = new Measured(counts, values, N.memory, V.memoryMean, false);
  const latency = new Measured(counts, values, N.latency, V.latencyMean, true);

  for (let bucket = oldest; bucket <= Math.min(now, newest); bucket++) {
    const slot = bucket % BUCKETS;
    const base = slot * COUNTS;
    for (let i = 0; i < COUNTS; i++) {
      sums[i] = (sums[i] as number) + (counts[base + i] as number);
    }
    if (counts[base + N.records] === 0) continue;
    const extreme = slot * VALUES;
    if (cash.add(slot)) {
      extremes.cashMin = least(extremes.cashMin, values[extreme + V.cashMin] as number);
    }
    if (temperature.add(slot)) {
      extremes.temperatureMax = most(
        extremes.temperatureMax,
        values[extreme + V.temperatureMax] as number,
      );
    }
    if (cpu.add(slot)) {
      extremes.cpuMax = most(extremes.cpuMax, values[extreme + V.cpuMax] as number);
    }
    if (memory.add(slot)) {
      extremes.memoryMax = most(extremes.memoryMax, values[extreme + V.memoryMax] as number);
    }
    latency.add(slot);
  }
  return {
    counts: sums,
    cash: cash.spread,
    temperature: temperature.spread,
    cpu: cpu.spread,
    memory: memory.spread,
    latency: latency.spread,
    ...extremes,
  };
}

/**
 * By how much a measure grows in an hour: the slope of the straight line through the means of its
 * buckets, each weighted by what it counts. NaN where there is but one.
 */
export function slopeOf(
  { counts, values, newest }: AtmHistory,
  at: number,
  hours: number,
  counted: number,
  mean: number,
): number {
  const now = Math.floor(at / BUCKET_MS);
  let weight = 0;
  let x = 0;
  let y = 0;
  let xx = 0;
  let xy = 0;
  for (let bucket = oldestOf(newest, now, hours); bucket <= Math.min(now, newest); bucket++) {
    const slot = bucket % BUCKETS;
    const count = counts[slot * COUNTS + counted] as number;
    if (count === 0) continue;
    const hour = (bucket - now) / BUCKETS_PER_HOUR;
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

/** The number of the first bucket that counts. */
function oldestOf(newest: number, now: number, hours: number): number {
  return Math.max(now - hours * BUCKETS_PER_HOUR, newest - BUCKETS, -1) + 1;
}

/** One measure's way through the buckets. */
class Measured {
  readonly spread = new Spread();

  constructor(
    private readonly counts: Uint16Array,
    private readonly values: Float32Array,
    private readonly counted: number,
    private readonly mean: number,
    private readonly withSquares: boolean,
  ) {}

  /** False where the bucket has no value of it. */
  add(slot: number): boolean {
    const count = this.counts[slot * COUNTS + this.counted] as number;
    if (count === 0) return false;
    const at = slot * VALUES + this.mean;
    const mean = this.values[at] as number;
    this.spread.join(count, mean, this.withSquares ? this.values[at + 1] as number : 0);
    return true;
  }
}

function least(a: number, b: number): number {
  return a < b ? a : b;
}

function most(a: number, b: number): number {
  return a > b ? a : b;
}
