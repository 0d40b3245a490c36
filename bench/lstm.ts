/**
 * The forecaster: how long a training takes, how many windows a second are foretold at which batch,
 * and how many readings a second get through ensemble and forecaster together.
 *
 * All on one thread, by processor time, so that others on the machine do not count.
 */
import process from "node:process";
import { ensemble } from "../models/detectors/mod.ts";
import { emptyWindow, takeReading } from "../models/lstm/features.ts";
import { forecastOf, judgeForecast } from "../models/lstm/forecast.ts";
import { WINDOW_SIZE } from "../models/lstm/samples.ts";
import { openForecaster, writeWindow } from "../models/lstm/scoring.ts";
import { trainLstm } from "../models/lstm/train.ts";
import { createRandom } from "../simulator/random.ts";
import { median, numberOption, perSecond, say } from "./running.ts";

const BATCHES = [1, 8, 32, 256];
const WINDOWS = 2_048;
const ROUNDS = 5;
const MINUTE = 60_000;

export async function run(args: readonly string[]): Promise<number> {
  const count = numberOption(args, "--readings", 5_000);
  const epochsMax = numberOption(args, "--epochs", 3);
  const random = createRandom("lstm");
  const readings = Array.from({ length: count }, (_, i) => ({
    value: 20 + 5 * Math.sin(i / 45) + random.normal(0, 0.3),
    at: i * 5 * MINUTE,
  }));

  const startedAt = process.cpuUsage();
  const { card, onnx } = await trainLstm(readings, { series: "bench", seed: 1, now: 0, epochsMax });
  const seconds = secondsSince(startedAt);
  say(
    `training on ${count} readings: ${seconds.toFixed(1)} s for ${card.loss.length} epochs, ` +
      `${(seconds / card.loss.length).toFixed(1)} s each; ${card.verdict}`,
  );

  const forecaster = await openForecaster(onnx);
  const windows = new Float64Array(WINDOWS * WINDOW_SIZE);
  const window = emptyWindow();
  const latest = readings.slice(-WINDOWS);
  readings.slice(0, -WINDOWS).forEach(({ value, at }) => takeReading(window, value, at));
  latest.forEach(({ value, at }, i) => {
    writeWindow(window.rows, windows, i);
    takeReading(window, value, at);
  });
  for (const batch of BATCHES) {
    const rate = await rateOf(WINDOWS, async () => {
      for (let from = 0; from < WINDOWS; from += batch) {
        await forecaster.foretell(
          windows.subarray(from * WINDOW_SIZE, (from + batch) * WINDOW_SIZE),
        );
      }
    });
    say(`foretelling ${String(batch).padStart(3)} at once: ${perSecond(rate, 1000)} readings/s`);
  }

  const detectors = ensemble.start();
  readings.forEach(({ value, at }) => detectors.update(value, at));
  let at = count * 5 * MINUTE;
  const together = await rateOf(WINDOWS, async () => {
    const own = emptyWindow();
    latest.forEach(({ value, at }) => takeReading(own, value, at));
    const expected = await forecaster.foretell(windows);
    latest.forEach(({ value }, i) => {
      const foretold = forecastOf(expected[i] ?? NaN, card, "");
      detectors.update(value, at += 5 * MINUTE, judgeForecast(foretold, value));
    });
  });
  say(`features, forecaster (256 at once) and ensemble: ${perSecond(together, 1000)} readings/s`);
  await forecaster.close();
  return 0;
}

/** The median over rounds, after one to warm up. */
async function rateOf(count: number, work: () => Promise<void>): Promise<number> {
  await work();
  const rates: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const startedAt = process.cpuUsage();
    await work();
    rates.push(count / secondsSince(startedAt));
  }
  return median(rates);
}

function secondsSince(startedAt: ReturnType<typeof process.cpuUsage>): number {
  const { user, system } = process.cpuUsage(startedAt);
  return (user + system) / 1e6;
}
