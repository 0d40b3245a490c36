/** Failure models on machines logged like Microsoft's, beside what needs no model. */
import {
  type Machine,
  PDM_TELEMETRY_FEATURES,
  pdmFeatures,
  type PdmRows,
  pdmRows,
} from "../../models/features/azure_pdm.ts";
import { alarmsCatching, alarmsWithin } from "../../models/failure/alarms.ts";
import { cardOf } from "../../models/failure/card.ts";
import { fileOf, type NamedCard } from "../../models/failure/file.ts";
import {
  judgeClaims,
  type Judgement,
  judgeProbabilities,
  type ProbabilityJudgement,
} from "../../models/failure/judge.ts";
import { type LearnedModel, learnFailures } from "../../models/failure/learn.ts";
import { firstColumns, pickRows, pickValues } from "../../models/failure/rows.ts";
import { laterTimes, laterTimesAmong, otherDevices } from "../../models/failure/splits.ts";
import type { Fold } from "../../models/folds.ts";
import { baseRate } from "../../models/metrics.ts";
import { scoreProbabilities } from "../../models/trees/model.ts";
import { UserError } from "../command.ts";
import { count } from "../progress.ts";
import { type Anchor, readAnchors, readMachines } from "./azure_pdm_data.ts";
import { claimsOf, type LearningSettings, showing } from "./failure_learning.ts";
import {
  describeAlarms,
  describeContenders,
  describeReliability,
  LEGEND,
} from "./failure_report.ts";
import { writeText } from "./series_files.ts";

const LABEL = "a failure is logged within 4 hours after the moment";

interface MachineOptions {
  readonly data: string;
  readonly train: string | undefined;
  readonly anchors: string | undefined;
  readonly scores: string | undefined;
}

/** Two models of the same rows: of all that is known, and of the telemetry alone. */
interface Pair {
  readonly full: LearnedModel;
  readonly telemetry: LearnedModel;
}

/** Claims about rows, and from where on they are alarms. */
interface Claims {
  readonly places: Int32Array;
  readonly full: Float64Array;
  readonly fullThreshold: number;
  readonly telemetry: Float64Array;
  readonly telemetryThreshold: number;
}

interface Judged {
  readonly card: NamedCard;
  /** Which model is to score a machine, by its place among the machines. */
  readonly modelFor: (device: number) => LearnedModel;
}

export async function evaluateMachines(
  { data, train, anchors, scores }: MachineOptions,
  settings: LearningSettings,
): Promise<NamedCard> {
  const { machines, failuresKnown } = await readMachines(data);
  if (!failuresKnown && train === undefined) {
    throw new UserError(`Cannot learn from ${data}: it has no PdM_failures.csv; say --train DIR`);
  }
  const asked = anchors === undefined ? [] : await readAnchors(anchors);
  const known = new Map(machines.map(({ id }, device) => [id, device]));
  const stranger = asked.find(({ machine }) => !known.has(machine));
  if (stranger) {
    throw new UserError(
      `Cannot score ${anchors}, line ${stranger.line}: machine "${stranger.machine}" is not in ` +
        `${data}/PdM_machines.csv`,
    );
  }
  const rows = pdmRows(machines);
  const { card, modelFor } = train === undefined
    ? await judgeWithin(data, rows, settings)
    : await judgeByOthers({ data, train, judge: failuresKnown }, machines, rows, settings);
  if (scores !== undefined) {
    await writeText(scores, scoresOf(asked, machines, known, modelFor));
    console.log(`\n${count(asked.length)} anchors scored: ${scores}`);
  }
  return card;
}

/** Learned from one folder, judged by all of another. */
async function judgeByOthers(
  { data, train, judge }: { data: string; train: string; judge: boolean },
  machines: readonly Machine[],
  rows: PdmRows,
  settings: LearningSettings,
): Promise<Judged> {
  const teachers = await readMachines(train);
  if (!teachers.failuresKnown) {
    throw new UserError(`Cannot learn from ${train}: it has no PdM_failures.csv`);
  }
  const lessons = pdmRows(teachers.machines);
  const pair = await learnPair(train, lessons, lessons.labels.keys().toArray(), settings);
  console.log(`Learned from ${train}: ${summaryOf(teachers.machines, lessons)}\n`);
  const shared = sharedRows(teachers.machines, lessons, machines, rows);
  if (shared > 0) {
    console.log(
      `Beware: ${count(shared)} rows of ${data} are in ${train} as well, and were learned from.\n`,
    );
  }
  const judged: Record<string, ProbabilityJudgement> = {};
  if (judge && rows.labels.length > 0) {
    const everything = Int32Array.from(rows.labels.keys());
    judged.data = describeClaims(data, rows, claimsAbout(pair, rows, everything));
    console.log(LEGEND);
  } else console.log(`${data} tells of no failures: nothing to be judged by.`);
  const card = cardOf(pair.full, { source: train, label: LABEL, judged });
  return {
    card: (await fileOf(pair.full.model, card)).card,
    modelFor: () => pair.full,
  };
}

/** Learned from parts of a folder, judged by the others. */
async function judgeWithin(
  data: string,
  rows: PdmRows,
  settings: LearningSettings,
): Promise<Judged> {
  console.log(
    `${data}: ${count(rows.labels.length)} rows. Each is judged by models that know neither
its failure nor, of the two splits, its time or its machine.\n`,
  );
  const later = laterTimes(rows);
  const laterPair = await learnPair("later times", rows, later.learn, settings);
  const laterJudgement = describeClaims(
    "later times",
    rows,
    claimsAbout(laterPair, rows, later.judge),
  );
  await describeLaterContiguous(rows, settings);
  const folds = otherDevices(rows);
  const pairs: Pair[] = [];
  for (const [i, { learn }] of folds.entries()) {
    pairs.push(
      await learnPair(`other machines, ${i + 1} of ${folds.length}`, rows, learn, settings),
    );
  }
  const others = describeClaims("other machines", rows, claimsByFold(folds, pairs, rows));
  console.log(LEGEND);
  const foldOf = new Map(
    folds.flatMap(({ judge }, fold) =>
      Array.from(judge, (row) => [rows.devices[row] as number, fold] as const)
    ),
  );
  const card = cardOf(laterPair.full, {
    source: data,
    label: LABEL,
    judged: { laterTimes: laterJudgement, otherMachines: others },
  });
  return {
    card: (await fileOf(laterPair.full.model, card)).card,
    // A machine without a row to learn from is strange to all of them.
    modelFor: (device) => (pairs[foldOf.get(device) ?? 0] as Pair).full,
  };
}

/** Telemetry that goes on may all be early; then its own last quarter is judged by what came before. */
async function describeLaterContiguous(rows: PdmRows, settings: LearningSettings): Promise<void> {
  const { learn, judge } = laterTimesAmong(rows, (row) => rows.contiguous[row] === 1);
  if (judge.length === 0) return;
  const title = "their own later times";
  const pair = await learnPair(title, rows, learn, settings);
  describeContiguous(title, rows, claimsAbout(pair, rows, judge));
}

async function learnPair(
  title: string,
  rows: PdmRows,
  places: ArrayLike<number>,
  settings: LearningSettings,
): Promise<Pair> {
  const full = await learnFailures(rows, places, showing(title, settings));
  const telemetry = await learnFailures(firstColumns(rows, PDM_TELEMETRY_FEATURES), places, {
    ...showing(`${title}, telemetry only`, settings),
    trials: 0,
    parameters: full.parameters,
  });
  settings.progress.end();
  return { full, telemetry };
}

function claimsAbout({ full, telemetry }: Pair, rows: PdmRows, places: Int32Array): Claims {
  const judged = pickRows(rows, places);
  return {
    places,
    full: claimsOf(full, judged),
    fullThreshold: full.threshold,
    telemetry: claimsOf(telemetry, firstColumns(judged, PDM_TELEMETRY_FEATURES)),
    telemetryThreshold: telemetry.threshold,
  };
}

/** Each row as the model without its machine claims it; the threshold is the mean of all models'. */
function claimsByFold(folds: readonly Fold[], pairs: readonly Pair[], rows: PdmRows): Claims {
  const full = new Float64Array(rows.labels.length);
  const telemetry = new Float64Array(rows.labels.length);
  let fullThreshold = 0;
  let telemetryThreshold = 0;
  folds.forEach(({ judge }, fold) => {
    const own = claimsAbout(pairs[fold] as Pair, rows, judge);
    judge.forEach((row, i) => {
      full[row] = own.full[i] as number;
      telemetry[row] = own.telemetry[i] as number;
    });
    fullThreshold += own.fullThreshold / folds.length;
    telemetryThreshold += own.telemetryThreshold / folds.length;
  });
  const places = Int32Array.from(rows.labels.keys());
  return { places, full, fullThreshold, telemetry, telemetryThreshold };
}

/** Prints how good claims are, on all rows and on those whose telemetry was not picked. */
function describeClaims(title: string, rows: PdmRows, claims: Claims): ProbabilityJudgement {
  const all = judgeAll(rows, claims);
  console.log(`${describeContenders(`${title}, all rows`, all.contenders)}\n`);
  console.log(`${describeReliability(all.model)}\n`);
  describeContiguous(title, rows, claims);
  return all.model;
}

function describeContiguous(title: string, rows: PdmRows, claims: Claims): void {
  const isContiguous = (row: number) => rows.contiguous[row] === 1;
  const kept = Array.from(claims.places.keys()).filter((i) =>
    isContiguous(claims.places[i] as number)
  );
  const contiguous: Claims = {
    ...claims,
    places: claims.places.filter(isContiguous),
    full: pickValues(claims.full, kept),
    telemetry: pickValues(claims.telemetry, kept),
  };
  if (kept.length === 0) {
    console.log(`${title}: no machine's telemetry goes on for 60 days.\n`);
    return;
  }
  const { contenders, rule } = judgeAll(rows, contiguous);
  const judged = pickRows(rows, contiguous.places);
  const equal = alarmsWithin(contiguous.full, judged, rule.alarms.falseEpisodes);
  const frugal = alarmsCatching(contiguous.full, judged, rule.alarms.caught);
  console.log(`${describeContenders(`${title}, contiguous machines`, contenders)}
One-line rule: ${describeAlarms(rule.alarms)}.
Model, with a threshold that allows as many: ${describeAlarms(equal)}.
Model, with one that catches as many failures: ${describeAlarms(frugal)}.\n`);
}

function judgeAll(
  rows: PdmRows,
  { places, full, fullThreshold, telemetry, telemetryThreshold }: Claims,
): {
  model: ProbabilityJudgement;
  rule: Judgement;
  contenders: { name: string; judgement: Judgement }[];
} {
  const judged = pickRows(rows, places);
  const model = judgeProbabilities(full, judged, fullThreshold);
  const rule = judgeClaims(pickValues(rows.rule, places), judged, 1);
  const contenders = [
    { name: "model", judgement: model },
    {
      name: "model of telemetry alone",
      judgement: judgeProbabilities(telemetry, judged, telemetryThreshold),
    },
    { name: "one-line rule", judgement: rule },
    {
      name: "persistence",
      judgement: judgeClaims(pickValues(rows.persistence, places), judged, 1),
    },
  ];
  return { model, rule, contenders };
}

/** Rows of both folders that are of the same machine and moment. */
function sharedRows(
  teachers: readonly Machine[],
  lessons: PdmRows,
  machines: readonly Machine[],
  rows: PdmRows,
): number {
  const keysOf = (of: readonly Machine[], { times, devices }: PdmRows) =>
    Array.from(times, (at, row) => `${of[devices[row] as number]?.id} ${at}`);
  const learned = new Set(keysOf(teachers, lessons));
  return keysOf(machines, rows).filter((key) => learned.has(key)).length;
}

function scoresOf(
  anchors: readonly Anchor[],
  machines: readonly Machine[],
  known: ReadonlyMap<string, number>,
  modelFor: (device: number) => LearnedModel,
): string {
  const lines = anchors.map(({ machine, at, timestamp }) => {
    const device = known.get(machine) as number;
    const values = pdmFeatures(machines[device] as Machine, at);
    const row = { values, rows: 1, columns: values.length };
    const [score = NaN] = scoreProbabilities(modelFor(device).model, row);
    return `${machine},${timestamp},${score.toFixed(9)}`;
  });
  return ["machineID,datetime,score", ...lines, ""].join("\n");
}

function summaryOf(machines: readonly Machine[], { labels }: PdmRows): string {
  return `${machines.length} machines, ${count(labels.length)} rows, ${
    (100 * baseRate(labels)).toFixed(2)
  } % of them before a failure`;
}
