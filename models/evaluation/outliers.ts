/**
 * Rows called anomalous against rows that are, as the Skoltech Anomaly Benchmark counts them:
 * F1, and the rates of false and missed alarms.
 */

export interface Counts {
  readonly truePositive: number;
  readonly falsePositive: number;
  readonly trueNegative: number;
  readonly falseNegative: number;
}

export const NO_ROWS: Counts = {
  truePositive: 0,
  falsePositive: 0,
  trueNegative: 0,
  falseNegative: 0,
};

/** Rows before `from` are not counted. */
export function countsOf(
  called: readonly boolean[],
  labelled: readonly boolean[],
  from = 0,
): Counts {
  const counts = { ...NO_ROWS };
  for (let row = from; row < labelled.length; row++) {
    if (called[row]) counts[labelled[row] ? "truePositive" : "falsePositive"]++;
    else counts[labelled[row] ? "falseNegative" : "trueNegative"]++;
  }
  return counts;
}

export function addCounts(a: Counts, b: Counts): Counts {
  return {
    truePositive: a.truePositive + b.truePositive,
    falsePositive: a.falsePositive + b.falsePositive,
    trueNegative: a.trueNegative + b.trueNegative,
    falseNegative: a.falseNegative + b.falseNegative,
  };
}

/** NaN where there is nothing to take a part of. */
export interface Rates {
  readonly f1: number;
  /** Of the ordinary rows those called anomalous. */
  readonly falseAlarmRate: number;
  /** Of the anomalous rows those not called so. */
  readonly missedAlarmRate: number;
}

export function ratesOf(counts: Counts): Rates {
  const { truePositive, falsePositive, trueNegative, falseNegative } = counts;
  return {
    f1: 2 * truePositive / (2 * truePositive + falsePositive + falseNegative),
    falseAlarmRate: falsePositive / (falsePositive + trueNegative),
    missedAlarmRate: falseNegative / (falseNegative + truePositive),
  };
}
