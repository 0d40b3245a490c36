/**
 * Boosted trees beside XGBoost: the same rows and parameters, one thread each, by processor time,
 * so that others on the machine do not count. Then how fast 100,000 devices are scored.
 *
 * XGBoost is Debian's python3-xgboost; where that is not installed, only our own figures are told.
 */
import process from "node:process";
import { averagePrecision, baseRate, rocAuc } from "../models/metrics.ts";
import { openSession } from "../models/onnx/session.ts";
import { exportTrees } from "../models/trees/export.ts";
import { type Forest, scoreMargins } from "../models/trees/forest.ts";
import type { Matrix } from "../models/trees/matrix.ts";
import { DEFAULTS, type TreeParameters } from "../models/trees/parameters.ts";
import { type Examples, growForest } from "../models/trees/train.ts";
import { createRandom } from "../simulator/random.ts";
import { median, numberOption, perSecond, say } from "./running.ts";
import { askXgboost } from "./xgboost.ts";

const SCORED = 100_000;
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

function secondsSince(startedAt: ReturnType<typeof process.cpuUsage>): number {
  const { user, system } = process.cpuUsage(startedAt);
  return (user + system) / 1e6;
}
