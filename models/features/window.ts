/** What an ATM's history adds up to over the last hours. */
import { type AtmHistory, BUCKET_MS, BUCKETS, COUNTS, N, V, VALUES } from "./history.ts";

/** The straight line through the bucket means of a measure, weighted by what they count. */
class Line {
  #weight = 0;
  #x = 0;
  #y = 0;
  #xx = 0;
  #xy = 0;

  add(x: number, y: number, weight: number): void {
    this.#weight += weight;
    const awayX = x - this.#x;
    this.#x += awayX * weight / this.#weight;
    this.#y += (y - this.#y) * weight / this.#weight;
    this.#xx += weight * awayX * (x - this.#x);
    this.#xy += weight * awayX * (y - this.#y);
  }

  /** By how much y grows with x; NaN where there is but one point. */
  slope(): number {
    return this.#xx > 0 ? this.#xy / this.#xx : NaN;
  }
}

export class Spread {
  count = 0;
  mean = NaN;
  #squares = 0;

  /** Chan, Golub and LeVeque 1979: two groups' means and squared distances make those of both. */
  join(count: number, mean: number, squares: number): void {
    if (count === 0) return;
    if (this.count === 0) this.mean = mean;
    const away = mean - this.mean;
    const together = this.count + count;
    this.mean += away * count / together;
    this.#squares += squares + away * away * this.count * count / together;
    this.count = together;
  }

  /** Of a sample: divided by n - 1. NaN for fewer than two. */
  deviation(): number {
    return this.count > 1 ? Math.sqrt(this.#squares / (this.count - 1)) : NaN;
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
  /** Per hour. */
  readonly cashSlope: number;
  readonly temperatureSlope: number;
  readonly cpuSlope: number;
  readonly memorySlope: number;
  readonly latencySlope: number;
}

const BUCKETS_PER_HOUR = 3_600_000 / BUCKET_MS;

/** The records of the last `hours` up to a moment, the latest excluded. */
export function windowOf(history: AtmHistory, at: number, hours: number): Window {
  const { counts, values, newest } = history;
  const now = Math.floor(at / BUCKET_MS);
  const oldest = Math.max(now - hours * BUCKETS_PER_HOUR, newest - BUCKETS, -1) + 1;
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
    const hour = (bucket - now) / BUCKETS_PER_HOUR;
    const extreme = slot * VALUES;
    if (cash.add(slot, hour)) {
      extremes.cashMin = least(extremes.cashMin, values[extreme + V.cashMin] as number);
    }
    if (temperature.add(slot, hour)) {
      extremes.temperatureMax = most(
        extremes.temperatureMax,
        values[extreme + V.temperatureMax] as number,
      );
    }
    if (cpu.add(slot, hour)) {
      extremes.cpuMax = most(extremes.cpuMax, values[extreme + V.cpuMax] as number);
    }
    if (memory.add(slot, hour)) {
      extremes.memoryMax = most(extremes.memoryMax, values[extreme + V.memoryMax] as number);
    }
    latency.add(slot, hour);
  }
  return {
    counts: sums,
    cash: cash.spread,
    temperature: temperature.spread,
    cpu: cpu.spread,
    memory: memory.spread,
    latency: latency.spread,
    ...extremes,
    cashSlope: cash.line.slope(),
    temperatureSlope: temperature.line.slope(),
    cpuSlope: cpu.line.slope(),
    memorySlope: memory.line.slope(),
    latencySlope: latency.line.slope(),
  };
}

/** One measure's way through the buckets. */
class Measured {
  readonly spread = new Spread();
  readonly line = new Line();

  constructor(
    private readonly counts: Uint16Array,
    private readonly values: Float32Array,
    private readonly counted: number,
    private readonly mean: number,
    private readonly withSquares: boolean,
  ) {}

  /** False where the bucket has no value of it. */
  add(slot: number, hour: number): boolean {
    const count = this.counts[slot * COUNTS + this.counted] as number;
    if (count === 0) return false;
    const at = slot * VALUES + this.mean;
    const mean = this.values[at] as number;
    this.spread.join(count, mean, this.withSquares ? this.values[at + 1] as number : 0);
    this.line.add(hour, mean, count);
    return true;
  }
}

function least(a: number, b: number): number {
  return a < b ? a : b;
}

function most(a: number, b: number): number {
  return a > b ? a : b;
}
