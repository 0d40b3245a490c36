/** How far off forecasts are, and whether the forecaster is worth having. */
import type { Baseline, ForecastError, LstmCard } from "./card.ts";
import type { Samples } from "./samples.ts";

/** Errors of `expected` over these samples, beside the naive forecasts of the same. */
export function compare(samples: Samples, expected: ArrayLike<number>): LstmCard["holdOut"] {
  const lastValue = baseline(samples, expected, samples.lastValues);
  if (lastValue === null) throw new Error("Cannot measure a forecast without readings to foretell");
  return {
    lstm: errorOf(samples.targets, expected),
    lastValue,
    sameTimeYesterday: baseline(samples, expected, samples.yesterdays),
  };
}

/** NaN in `naive` is where it says nothing. */
function baseline(
  { targets }: Samples,
  expected: ArrayLike<number>,
  naive: Float64Array,
): Baseline | null {
  const places = [...naive.keys()].filter((i) => !Number.isNaN(naive[i]));
  if (places.length === 0) return null;
  const truth = places.map((i) => targets[i] ?? NaN);
  return {
    ...errorOf(truth, places.map((i) => naive[i] ?? NaN)),
    readings: places.length,
    lstmMae: errorOf(truth, places.map((i) => expected[i] ?? NaN)).mae,
  };
}

function errorOf(truth: ArrayLike<number>, expected: ArrayLike<number>): ForecastError {
  let absolute = 0;
  let squared = 0;
  for (let i = 0; i < truth.length; i++) {
    const error = (truth[i] ?? NaN) - (expected[i] ?? NaN);
    absolute += Math.abs(error);
    squared += error * error;
  }
  return { mae: absolute / truth.length, rmse: Math.sqrt(squared / truth.length) };
}

export function errorQuantiles(
  { targets }: Samples,
  expected: ArrayLike<number>,
): LstmCard["errorQuantiles"] {
  const errors = targets.map((value, i) => Math.abs(value - (expected[i] ?? NaN))).sort();
  const at = (share: number) => errors[Math.ceil(share * errors.length) - 1] ?? NaN;
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99) };
}

/** Judged by the mean absolute error: one spike in the hold-out must not decide. */
export function judge(
  { lastValue, sameTimeYesterday }: LstmCard["holdOut"],
): { better: boolean; verdict: string } {
  const rivals: [string, Baseline | null][] = [
    ["the last value", lastValue],
    ["the same time yesterday", sameTimeYesterday],
  ];
  const beaten: string[] = [];
  const lost: string[] = [];
  for (const [name, rival] of rivals) {
    if (rival === null) continue;
    const share = 100 * (1 - rival.lstmMae / rival.mae);
    if (rival.lstmMae < rival.mae) beaten.push(`${share.toFixed(1)} % less than ${name}`);
    else {
      lost.push(
        `no better than ${name} (mean error ${round(rival.lstmMae)} against ${round(rival.mae)})`,
      );
    }
  }
  const better = lost.length === 0;
  return {
    better,
    verdict: better
      ? `On readings it had not seen its mean error is ${beaten.join(" and ")}`
      : `On readings it had not seen it is ${lost.join(" and ")}`,
  };
}

function round(value: number): string {
  return String(Number(value.toPrecision(4)));
}
