/** A history as examples to learn from: what was seen, and what came next. */
import { canForetell, emptyWindow, FEATURES, SEQUENCE, takeReading } from "./features.ts";

export interface Reading {
  readonly value: number;
  /** Epoch ms. */
  readonly at: number;
}

/** Numbers in one window. */
export const WINDOW_SIZE = SEQUENCE * FEATURES.length;

/** Column by column, in the order in which they happened. */
export interface Samples {
  readonly count: number;
  /** Features of window after window. */
  readonly windows: Float64Array;
  /** The value that followed, and when. */
  readonly targets: Float64Array;
  readonly times: Float64Array;
  /** The naive forecasts of it; NaN where there was no reading at that time yesterday. */
  readonly lastValues: Float64Array;
  readonly yesterdays: Float64Array;
}

/** The usual time from one reading to the next, in ms: the median of the steps forward. */
export function usualInterval(readings: readonly Reading[]): number {
  const steps: number[] = [];
  for (let i = 1; i < readings.length; i++) {
    const step = (readings[i]?.at ?? 0) - (readings[i - 1]?.at ?? 0);
    if (step > 0) steps.push(step);
  }
  steps.sort((a, b) => a - b);
  return steps[steps.length >> 1] ?? 0;
}

/** Every reading that can be foretold from those before it, each window as serving would see it. */
export function samplesOf(readings: readonly Reading[], intervalMs: number): Samples {
  const window = emptyWindow();
  const history = createYesterday(intervalMs);
  const windows = new Float64Array(readings.length * WINDOW_SIZE);
  const columns = Array.from({ length: 4 }, () => new Float64Array(readings.length));
  const [targets, times, lastValues, yesterdays] = columns as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  let count = 0;
  for (const { value, at } of readings) {
    const foretellable = canForetell(window, at, intervalMs);
    if (foretellable && Number.isFinite(value)) {
      window.rows.forEach((row, i) => windows.set(row, count * WINDOW_SIZE + i * FEATURES.length));
      targets[count] = value;
      times[count] = at;
      lastValues[count] = window.rows.at(-1)?.[0] ?? NaN;
      yesterdays[count] = history.valueBefore(at);
      count++;
    }
    if (takeReading(window, value, at)) history.take(value, at);
  }
  return {
    count,
    windows: windows.slice(0, count * WINDOW_SIZE),
    targets: targets.slice(0, count),
    times: times.slice(0, count),
    lastValues: lastValues.slice(0, count),
    yesterdays: yesterdays.slice(0, count),
  };
}

/** Samples from one place to another, the second excluded. */
export function sliceSamples(samples: Samples, from: number, to: number): Samples {
  return {
    count: to - from,
    windows: samples.windows.subarray(from * WINDOW_SIZE, to * WINDOW_SIZE),
    targets: samples.targets.subarray(from, to),
    times: samples.times.subarray(from, to),
    lastValues: samples.lastValues.subarray(from, to),
    yesterdays: samples.yesterdays.subarray(from, to),
  };
}

const DAY_MS = 86_400_000;

/** Finds the value of a day before, at most half a usual interval off. */
function createYesterday(intervalMs: number): {
  take(value: number, at: number): void;
  valueBefore(at: number): number;
} {
  let taken: Reading[] = [];
  /** Readings before this one lie further back than any question yet to come. */
  let from = 0;
  return {
    take(value, at) {
      if (at <= (taken.at(-1)?.at ?? -Infinity)) {
        taken = []; // The clock was set back.
        from = 0;
      }
      taken.push({ value, at });
    },
    valueBefore(at) {
      const wanted = at - DAY_MS;
      const distance = (i: number) => Math.abs((taken[i]?.at ?? Infinity) - wanted);
      while (from + 1 < taken.length && distance(from + 1) <= distance(from)) from++;
      return distance(from) <= intervalMs / 2 ? taken[from]?.value ?? NaN : NaN;
    },
  };
}
