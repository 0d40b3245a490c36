/** Many readings of a series judged at once: one run of the model for all of them. */
import type { Judgement } from "../detectors/detector.ts";
import { openSession } from "../onnx/session.ts";
import type { LstmCard } from "./card.ts";
import { canForetell, emptyWindow, FEATURES, SEQUENCE, takeReading } from "./features.ts";
import { forecastOf, judgeForecast } from "./forecast.ts";
import { type Reading, WINDOW_SIZE } from "./samples.ts";

/** Windows in one run: beyond this it gets no faster, and memory is not for nothing. */
export const BATCH_MAX = 256;

export interface ServedModel {
  readonly sha256: string;
  readonly card: Pick<LstmCard, "errorQuantiles" | "data">;
  readonly onnx: Uint8Array;
}

export interface Forecaster {
  /** What is foretold to follow each of these windows, given one after the other. */
  foretell(windows: Float64Array): Promise<Float64Array>;
  close(): Promise<void>;
}

export async function openForecaster(onnx: Uint8Array): Promise<Forecaster> {
  const session = await openSession(onnx);
  return {
    async foretell(windows) {
      const count = windows.length / WINDOW_SIZE;
      const expected = new Float64Array(count);
      for (let from = 0; from < count; from += BATCH_MAX) {
        const to = Math.min(count, from + BATCH_MAX);
        const values = windows.subarray(from * WINDOW_SIZE, to * WINDOW_SIZE);
        const shape = [to - from, SEQUENCE, FEATURES.length];
        expected.set(await session.run("window", { values, shape }, "expected"), from);
      }
      return expected;
    },
    close: () => session.release(),
  };
}

/** Each reading held against what was foretold of it from those before, as if it had just come. */
export async function judgeSeries(
  { sha256, card, onnx }: ServedModel,
  readings: readonly Reading[],
): Promise<Judgement[]> {
  const forecaster = await openForecaster(onnx);
  const window = emptyWindow();
  const windows = new Float64Array(readings.length * WINDOW_SIZE);
  /** The place of each reading's window, -1 for none. */
  const places = readings.map(() => -1);
  let count = 0;
  readings.forEach(({ value, at }, i) => {
    if (canForetell(window, at, card.data.intervalMs)) {
      writeWindow(window.rows, windows, count);
      places[i] = count++;
    }
    takeReading(window, value, at);
  });
  try {
    const expected = await forecaster.foretell(windows.subarray(0, count * WINDOW_SIZE));
    return readings.map(({ value }, i) => {
      const place = places[i] ?? -1;
      return judgeForecast(forecastOf(expected[place] ?? NaN, card, sha256), value);
    });
  } finally {
    await forecaster.close();
  }
}

/** Puts a window's rows at its place among others. */
export function writeWindow(
  rows: readonly (readonly number[])[],
  into: Float64Array,
  place: number,
): void {
  rows.forEach((row, i) => into.set(row, place * WINDOW_SIZE + i * FEATURES.length));
}
