/**
 * The counts of which a scoreboard is made, and what they say. All of them are whole numbers and
 * add up: of days to a year, of models to a kind.
 */

/** Probabilities are counted in ten-thousandths. */
export const UNITS = 10_000;

/** What is counted, by its place. */
export const N = {
  /** Scores that were taken to be held against what came. */
  scores: 0,
  /** Hours in which a device, or a part of one, was scored. */
  hours: 1,
  predictions: 2,
  hits: 3,
  falseAlarms: 4,
  serviced: 5,
  /** Failures that none foretold, and those that one did. */
  misses: 6,
  caught: 7,
  /** Of decided scores, squared differences of probability and outcome, in units². */
  squares: 8,
  /** Per bin: decided scores, the sum of their units, and how many were followed by a failure. */
  bins: 9,
} as const;

/** Most devices are well most of the time: bins are narrow where most scores are. */
const BIN_EDGES = [0, .005, .01, .02, .05, .1, .2, .3, .4, .5, .6, .7, .8, .9, 1] as const;
const BINS = BIN_EDGES.length - 1;
const BIN_FIELDS = 3;
const LEADS_FROM = N.bins + BINS * BIN_FIELDS;
/** Each a tenth longer than the one before, from a minute to two months. */
const LEAD_BINS = 120;
const LEAD_RATIO = 1.1;
const MINUTE_MS = 60_000;

export const COUNTS = LEADS_FROM + LEAD_BINS;

export function emptyCounts(): number[] {
  return new Array<number>(COUNTS).fill(0);
}

/** A score whose outcome is known. Changes the counts in place. */
export function countDecided(counts: number[], units: number, failed: boolean): void {
  const at = N.bins + binOf(units) * BIN_FIELDS;
  counts[at] = (counts[at] as number) + 1;
  counts[at + 1] = (counts[at + 1] as number) + units;
  if (failed) counts[at + 2] = (counts[at + 2] as number) + 1;
  counts[N.squares] = (counts[N.squares] as number) + (failed ? UNITS - units : units) ** 2;
}

function binOf(units: number): number {
  const above = BIN_EDGES.findIndex((edge) => Math.round(edge * UNITS) > units);
  return (above < 0 ? BINS : above) - 1;
}

/** How long before a failure it was foretold. Changes the counts in place. */
export function countLead(counts: number[], leadMs: number): void {
  const bin = Math.floor(Math.log(Math.max(1, leadMs / MINUTE_MS)) / Math.log(LEAD_RATIO));
  const at = LEADS_FROM + Math.min(LEAD_BINS - 1, bin);
  counts[at] = (counts[at] as number) + 1;
}

export interface CalibrationBin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** Null in an empty bin. */
  readonly meanProbability: number | null;
  readonly shareFailed: number | null;
}

/** Null where there is nothing to tell. */
export interface Worth {
  readonly predictions: number;
  readonly hits: number;
  readonly falseAlarms: number;
  readonly serviced: number;
  readonly undecided: number;
  readonly failures: number;
  readonly misses: number;
  /** Of predictions that were right or wrong, the share that was right. */
  readonly precision: number | null;
  /** Of failures, the share that was foretold. */
  readonly recall: number | null;
  /** Within five per cent. */
  readonly leadTimeHours: {
    readonly median: number | null;
    readonly p10: number | null;
    readonly p90: number | null;
  };
  readonly alarmsPerDeviceWeek: number | null;
  readonly scores: number;
  readonly decidedScores: number;
  readonly brier: number | null;
  readonly calibrationError: number | null;
  readonly calibration: readonly CalibrationBin[];
}

const HOURS_A_WEEK = 7 * 24;

export function worthOf(counts: ArrayLike<number>): Worth {
  const of = (what: number) => counts[what] as number;
  const [predictions, hits, falseAlarms, serviced] = [
    of(N.predictions),
    of(N.hits),
    of(N.falseAlarms),
    of(N.serviced),
  ];
  const [caught, misses] = [of(N.caught), of(N.misses)];
  const calibration = calibrationOf(counts);
  const decided = calibration.reduce((sum, { count }) => sum + count, 0);
  return {
    predictions,
    hits,
    falseAlarms,
    serviced,
    undecided: predictions - hits - falseAlarms - serviced,
    failures: caught + misses,
    misses,
    precision: share(hits, hits + falseAlarms),
    recall: share(caught, caught + misses),
    leadTimeHours: {
      median: leadOf(counts, hits, 0.5),
      p10: leadOf(counts, hits, 0.1),
      p90: leadOf(counts, hits, 0.9),
    },
    alarmsPerDeviceWeek: share(predictions * HOURS_A_WEEK, of(N.hours)),
    scores: of(N.scores),
    decidedScores: decided,
    brier: share(of(N.squares) / UNITS ** 2, decided),
    calibrationError: calibrationError(calibration, decided),
    calibration,
  };
}

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

function calibrationOf(counts: ArrayLike<number>): CalibrationBin[] {
  return Array.from({ length: BINS }, (_, bin) => {
    const at = N.bins + bin * BIN_FIELDS;
    const count = counts[at] as number;
    return {
      from: BIN_EDGES[bin] as number,
      to: BIN_EDGES[bin + 1] as number,
      count,
      meanProbability: share((counts[at + 1] as number) / UNITS, count),
      shareFailed: share(counts[at + 2] as number, count),
    };
  });
}

/** Expected calibration error over these bins, as `models/metrics.ts` has it. */
function calibrationError(bins: readonly CalibrationBin[], decided: number): number | null {
  const apart = bins.reduce(
    (sum, { count, meanProbability, shareFailed }) =>
      sum + count * Math.abs((meanProbability ?? 0) - (shareFailed ?? 0)),
    0,
  );
  return share(apart, decided);
}

/** Hours, from where in the bins this share of the hits lies. */
function leadOf(counts: ArrayLike<number>, hits: number, quantile: number): number | null {
  let below = 0;
  for (let bin = 0; bin < LEAD_BINS; bin++) {
    const count = counts[LEADS_FROM + bin] as number;
    if (count > 0 && below + count >= quantile * hits) {
      const within = (quantile * hits - below) / count;
      return LEAD_RATIO ** (bin + within) / 60;
    }
    below += count;
  }
  return null;
}
