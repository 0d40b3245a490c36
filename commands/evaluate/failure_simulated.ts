/** Failure models on simulated ATMs, beside the best that can be foretold of them. */
import { bestThreshold } from "../../models/failure/alarms.ts";
import { cardOf, FAILURE_LABEL } from "../../models/failure/card.ts";
import { fileOf, type NamedCard } from "../../models/failure/file.ts";
import {
  judgeClaims,
  judgeProbabilities,
  type ProbabilityJudgement,
} from "../../models/failure/judge.ts";
import { type LearnedModel, learnFailures } from "../../models/failure/learn.ts";
import { pickRows, pickValues } from "../../models/failure/rows.ts";
import { laterTimes, otherDevices } from "../../models/failure/splits.ts";
import type { Fold } from "../../models/folds.ts";
import { averagePrecision, baseRate } from "../../models/metrics.ts";
import { count } from "../progress.ts";
import { claimsOf, type LearningSettings, showing } from "./failure_learning.ts";
import { describeContenders, describeReliability, LEGEND } from "./failure_report.ts";
import { type RowsWithTruth, simulatedRows } from "./simulated_atms.ts";

const ATMS = 480;
const DAYS = 40;
const START_AT = Date.UTC(2026, 0, 1);
const REPORT_EVERY_MS = 150_000;
/** A critical code as recent as that is an alarm of persistence. */
const PERSISTENCE_HOURS = 4;

export async function evaluateSimulated(settings: LearningSettings): Promise<NamedCard> {
  const { progress, seed } = settings;
  const fleet = {
    seed: `evaluation ${seed}`,
    atms: ATMS,
    days: DAYS,
    startAt: START_AT,
    everyMs: REPORT_EVERY_MS,
  };
  const rows = simulatedRows(
    fleet,
    (done) => progress.show(() => `simulating: ${done} of ${ATMS} ATMs`),
  );
  progress.end();
  console.log(
    `${ATMS} simulated ATMs, ${DAYS} days, a row an hour in service: ${
      count(rows.labels.length)
    } rows, ${(100 * baseRate(rows.labels)).toFixed(2)} % of them before a failure.
A failure begins within 4 h, from the past 24 h. Parameters, calibration and thresholds come from
the rows learned from only; these are cleared of whatever tells of a failure among those judged by.
`,
  );
  const strangers = otherDevices(rows).at(-1) as Fold;
  const later = await judgeSplit("later times", rows, laterTimes(rows), settings);
  const others = await judgeSplit("other ATMs", rows, strangers, settings);
  console.log(LEGEND);
  const card = cardOf(others.learned, {
    source: `${ATMS} simulated ATMs, seed "${fleet.seed}"`,
    label: FAILURE_LABEL,
    simulated: true,
    judged: { laterTimes: later.judgement, otherAtms: others.judgement },
  });
  return (await fileOf(others.learned.model, card)).card;
}

async function judgeSplit(
  title: string,
  rows: RowsWithTruth,
  { learn, judge }: Fold,
  settings: LearningSettings,
): Promise<{ learned: LearnedModel; judgement: ProbabilityJudgement }> {
  const learned = await learnFailures(rows, learn, showing(title, settings));
  settings.progress.end();
  const judged = pickRows(rows, judge);
  const judgement = judgeProbabilities(claimsOf(learned, judged), judged, learned.threshold);
  const risks = pickValues(rows.risks, judge);
  const enough = bestThreshold(
    pickValues(rows.risks, learn),
    pickValues(rows.labels, learn),
  );
  const contenders = [
    { name: "model", judgement },
    {
      name: "persistence (latest critical code)",
      judgement: judgeClaims(recencies(judged), judged, 1 / (1 + PERSISTENCE_HOURS)),
    },
    {
      name: "best achievable (sees the hidden state)",
      judgement: judgeProbabilities(risks, judged, enough),
    },
  ];
  const best = averagePrecision(risks, judged.labels);
  console.log(`${describeContenders(title, contenders, best)}\n`);
  console.log(`${describeReliability(judgement)}\n`);
  return { learned, judgement };
}

/** The more recent the latest critical code, the higher; 0 without any. */
function recencies({ names, matrix, labels }: Pick<RowsWithTruth, "names" | "matrix" | "labels">) {
  const column = names.indexOf("hours_since_critical");
  return Float64Array.from(labels, (_, row) => {
    const hours = matrix[row * names.length + column] as number;
    return Number.isNaN(hours) ? 0 : 1 / (1 + hours);
  });
}
