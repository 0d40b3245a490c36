/** What an ATM's history adds up to over the last hours. */
import { BUCKET_MS, BUCKETS, COUNTS, N, V, VALUES } from "./buckets.ts";
import type { AtmHistory } from "./history.ts";

/** Groups of values put together, each known by its count, mean and squared distances from it. */
export class Spread {
  count = 0;
  /** Distances are from the first group's mean: near all of them, so that nothing cancels out. */
  #origin = NaN;
  #distances = 0;
  #squares = 0;

  clear(): void {
    this.count = 0;
    this.#origin = NaN;
    this.#distances = 0;
    this.#squares = 0;
  }

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

/** The records of some hours up to a moment, the latest excluded. */
export class Window {
  readonly counts = new Float64Array(COUNTS);
  readonly cash = new Spread();
  readonly temperature = new Spread();
  readonly cpu = new Spread();
  readonly memory = new Spread();
  readonly latency = new Spread();
  cashMin = NaN;
  temperatureMax = NaN;
  cpuMax = NaN;
  memoryMax = NaN;

  clear(): void {
    this.counts.fill(0);
    this.cash.clear();
    this.temperature.clear();
    this.cpu.clear();
    this.memory.clear();
    this.latency.clear();
    this.cashMin =
      this.temperatureMax =
      this.cpuMax =
      this.memoryMax =
        NaN;
  }

  count(counts: Uint16Array, from: number): void {
    const own = this.counts;
    for (let i = 0; i < COUNTS; i++) own[i] = (own[i] as number) + (counts[from + i] as number);
  }

  /** All that a window within this one has counted. */
  countWith(within: Window): void {
    const own = this.counts;
    for (let i = 0; i < COUNTS; i++) own[i] = (own[i] as number) + (within.counts[i] as number);
  }

  measure(counts: Uint16Array, from: number, values: Float32Array, at: number): void {
    const cash = counts[from + N.cash] as number;
    if (cash > 0) {
      this.cash.join(cash, values[at + V.cashMean] as number, values[at + V.cashSquares] as number);
      const least = values[at + V.cashMin] as number;
      if (!(this.cashMin < least)) this.cashMin = least;
    }
    const temperature = counts[from + N.temperature] as number;
    if (temperature > 0) {
      const squares = values[at + V.temperatureSquares] as number;
      this.temperature.join(temperature, values[at + V.temperatureMean] as number, squares);
      const most = values[at + V.temperatureMax] as number;
      if (!(this.temperatureMax > most)) this.temperatureMax = most;
    }
    const cpu = counts[from + N.cpu] as number;
    if (cpu > 0) {
      this.cpu.join(cpu, values[at + V.cpuMean] as number, 0);
      const most = values[at + V.cpuMax] as number;
      if (!(this.cpuMax > most)) this.cpuMax = most;
    }
    const memory = counts[from + N.memory] as number;
    if (memory > 0) {
      this.memory.join(memory, values[at + V.memoryMean] as number, 0);
      const most = values[at + V.memoryMax] as number;
      if (!(this.memoryMax > most)) this.memoryMax = most;
    }
    const latency = counts[from + N.latency] as number;
    if (latency > 0) {
      const squares = values[at + V.latencySquares] as number;
      this.latency.join(latency, values[at + V.latencyMean] as number, squares);
    }
  }
}

const BUCKETS_PER_HOUR = 3_600_000 / BUCKET_MS;

/** Three windows that end at one moment, filled in one pass; used again and again. */
export class Windows {
  readonly hour = new Window();
  readonly sixHours = new Window();
  readonly day = new Window();

  fill(history: AtmHistory, at: number): void {
    const { hour, sixHours, day } = this;
    const { counts, values, capacity, newest } = history;
    const now = Math.floor(at / BUCKET_MS);
    const sixFrom = oldestOf(history, now, 6);
    const hourFrom = oldestOf(history, now, 1);
    const last = Math.min(now, newest);
    hour.clear();
    sixHours.clear();
    day.clear();
    for (let bucket = oldestOf(history, now, 24); bucket <= last; bucket++) {
      const slot = bucket % capacity;
      const [from, at] = [slot * COUNTS, slot * VALUES];
      const innermost = bucket >= hourFrom ? hour : bucket >= sixFrom ? sixHours : day;
      innermost.count(counts, from);
      if (counts[from + N.records] === 0) continue;
      // Each by itself: sums of floats depend on where they begin.
      day.measure(counts, from, values, at);
      if (bucket >= sixFrom) sixHours.measure(counts, from, values, at);
      if (bucket >= hourFrom) hour.measure(counts, from, values, at);
    }
    sixHours.countWith(hour);
    day.countWith(sixHours);
  }
}

/**
 * By how much a measure grows in an hour: the slope of the straight line through the means of its
 * buckets, each weighted by what it counts. NaN where there is but one.
 */
export function slopeOf(
  history: AtmHistory,
  at: number,
  hours: number,
  counted: number,
  mean: number,
): number {
  const { counts, values, capacity, newest } = history;
  const now = Math.floor(at / BUCKET_MS);
  const last = Math.min(now, newest);
  let weight = 0;
  let x = 0;
  let y = 0;
  let xx = 0;
  let xy = 0;
  for (let bucket = oldestOf(history, now, hours); bucket <= last; bucket++) {
    const slot = bucket % capacity;
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
function oldestOf({ first, newest }: AtmHistory, now: number, hours: number): number {
  return Math.max(now - hours * BUCKETS_PER_HOUR + 1, newest - BUCKETS + 1, first, 0);
}
