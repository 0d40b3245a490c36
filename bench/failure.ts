/**
 * Boosted trees beside XGBoost: the same rows and parameters, one thread each, by processor time,
 * so that others on the machine do not count. Then how fast 100,000 devices are scored; and what an
 * ATM's features cost, and the reasons the model that comes with Telltale gives.
 *
 * XGBoost is Debian's python3-xgboost; where that is not installed, only our own figures are told.
 */
import process from "node:process";
import { readFailureModel } from "../models/failure/serving.ts";
import { readShippedModel } from "../models/failure/shipped.ts";
import { AtmHistory, FEATURE_NAMES, writeFeatures } from "../models/features/mod.ts";
import { averagePrecision, baseRate, rocAuc } from "../models/metrics.ts";
import { openSession } from "../models/onnx/session.ts";
import { createExplainer } from "../models/trees/explainer.ts";
import { exportTrees } from "../models/trees/export.ts";
import { type Forest, scoreMargins } from "../models/trees/forest.ts";
import type { Matrix } from "../models/trees/matrix.ts";
import { DEFAULTS, type TreeParameters } from "../models/trees/parameters.ts";
import { type Examples, growForest } from "../models/trees/train.ts";
import { createRandom } from "../simulator/random.ts";
import { DAY_MS } from "../simulator/rhythm.ts";
import { atmReports } from "../simulator/truth.ts";
import { median, numberOption, perSecond, say } from "./running.ts";
import { askXgboost } from "./xgboost.ts";

const SCORED = 100_000;
const ATMS = 1_000;
const LIVES = 50;
const REPORT_EVERY_MS = 30_000;
const START_AT = Date.UTC(2026, 0, 1);
const WORLD = { seed: "bench", startAt: START_AT, tempo: 1 };
const ROUNDS = 5;

export async function run(args: readonly string[]): Promise<number> {
  const rows = numberOption(args, "--rows", 200_000);
  const columns = numberOption(args, "--columns", 40);
  const parameters: TreeParameters = {
    ...DEFAULTS,
    trees: numberOption(args, "--trees", 200),
    depth: numberOption(args, "--depth", 6),
    rate: 0.1,
  };
  const learned = makeExamples("learned", rows, columns);
  const judged = makeExamples("judged", Math.ceil(rows / 4), columns);
  say(
    `${
      rows.toLocaleString("en")
    } rows × ${columns} features × ${parameters.trees} trees of depth ` +
      `${parameters.depth}; base rate ${baseRate(judged.labels).toFixed(3)}`,
  );

  const startedAt = process.cpuUsage();
  const { forest } = growForest(learned, parameters);
  const seconds = secondsSince(startedAt);
  const margins = scoreMargins(forest, judged.features);
  tell("Telltale", seconds, margins, judged.labels);
  const peer = await askXgboost(learned, judged, parameters);
  if (peer === undefined) say("XGBoost: not installed here (Debian: python3-xgboost)");
  else {
    tell(`XGBoost ${peer.version}`, peer.seconds, peer.margins, judged.labels);
    const apart = averagePrecision(margins, judged.labels) -
      averagePrecision(peer.margins, judged.labels);
    say(`PR-AUC apart by ${apart.toFixed(4)} (target: ± 0.01)`);
    say(`training takes ${(seconds / peer.seconds).toFixed(2)} times as long (target: 2 at most)`);
  }
  await measureScoring(forest, makeExamples("scored", SCORED, columns).features);
  await measureFeatures();
  return 0;
}

function tell(name: string, seconds: number, margins: ArrayLike<number>, labels: Uint8Array): void {
  say(
    `${name.padEnd(15)} trained in ${seconds.toFixed(1)} s; PR-AUC ` +
      `${averagePrecision(margins, labels).toFixed(4)}, ROC-AUC ${
        rocAuc(margins, labels).toFixed(4)
      }`,
  );
}

/** A yes that depends on some columns, in ways trees have to work for; the rest is noise. */
function makeExamples(seed: string, rows: number, columns: number): Examples {
  const random = createRandom(`failure ${seed}`);
  const values = new Float32Array(rows * columns);
  const labels = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) {
    const own = Array.from({ length: columns }, (_, column) => {
      const value = random.normal(0, 1);
      return column % 5 === 4 ? Math.round(value * 2) : value; // Counts, among measures.
    });
    const at = (column: number) => own[column % columns] as number;
    const margin = -4 + at(0) * at(1) + 1.5 * Math.sin(2 * at(2)) + Math.max(0, at(3)) ** 2 +
      0.7 * at(4) + (at(5) > 1 && at(6) < 0 ? 2 : 0) + 0.3 * at(7);
    labels[row] = random.chance(1 / (1 + Math.exp(-margin))) ? 1 : 0;
    // What is missing is missing more often where it matters.
    own.forEach((value, column) => {
      const missing = column % 4 === 1 && random.chance(labels[row] === 1 ? 0.15 : 0.1);
      values[row * columns + column] = missing ? NaN : value;
    });
  }
  return { features: { values, rows, columns }, labels };
}

async function measureScoring(forest: Forest, features: Matrix): Promise<void> {
  const shape = [features.rows, features.columns];
  const session = await openSession(exportTrees(forest, { kind: "none" }));
  const ways = {
    "our own scorer": () => scoreMargins(forest, features),
    "onnxruntime-web": () =>
      session.run("features", { values: features.values, shape }, "probability"),
  };
  for (const [name, score] of Object.entries(ways)) {
    const times: number[] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      const startedAt = process.cpuUsage();
      await score();
      if (round > 0) times.push(secondsSince(startedAt));
    }
    const seconds = median(times);
    say(
      `${name}: ${features.rows.toLocaleString("en")} devices in ${seconds.toFixed(2)} s ` +
        `(target: 1 at most), ${perSecond(features.rows, seconds * 1000)}/s`,
    );
  }
  await session.release();
}

/** Of a thousand ATMs with a day behind them, as one request may ask for. */
async function measureFeatures(): Promise<void> {
  const at = START_AT + DAY_MS;
  const lives = Array.from({ length: LIVES }, (_, index) => [
    ...atmReports(WORLD, index, { everyMs: REPORT_EVERY_MS, until: at }),
  ]);
  const reports = lives.reduce((sum, life) => sum + life.length, 0);
  const { explain } = createExplainer(
    (await readFailureModel((await readShippedModel()).onnx)).model.forest,
  );
  const columns = FEATURE_NAMES.length;
  const matrix = new Float32Array(ATMS * columns);
  const times: Record<string, number[]> = { take: [], row: [], reasons: [] };
  const clock = (name: string, count: number, work: () => void) => {
    const startedAt = process.cpuUsage();
    work();
    times[name]?.push(1e6 * secondsSince(startedAt) / count);
  };
  for (let round = 0; round <= ROUNDS; round++) {
    const taken: AtmHistory[] = lives.map(() => new AtmHistory());
    clock("take", reports, () =>
      lives.forEach((life, index) => {
        for (const report of life) taken[index]?.take(report.data, report.at);
      }));
    // Each with a memory of its own, as in life.
    const saved = taken.map((history) => JSON.stringify(history));
    const histories = Array.from(
      { length: ATMS },
      (_, index) => new AtmHistory(JSON.parse(saved[index % LIVES] as string)),
    );
    clock(
      "row",
      ATMS,
      () =>
        histories.forEach((history, index) => writeFeatures(history, at, matrix, index * columns)),
    );
    clock("reasons", ATMS, () => {
      for (let i = 0; i < ATMS; i++) explain(matrix.subarray(i * columns, (i + 1) * columns));
    });
  }
  const cost = (name: string) => `${median(times[name]?.slice(1) ?? []).toFixed(2)} µs`;
  say(
    `an ATM's report remembered: ${cost("take")}; its ${columns} features: ${cost("row")}; ` +
      `why it is foretold: ${cost("reasons")}`,
  );
}

function secondsSince(startedAt: ReturnType<typeof process.cpuUsage>): number {
  const { user, system } = process.cpuUsage(startedAt);
  return (user + system) / 1e6;
}
