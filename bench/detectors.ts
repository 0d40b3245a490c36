/**
 * How many readings one core judges in a second: each detector alone on one series, and the
 * ensemble on many series in turn, whose states do not all fit the processor's cache, all with as
 * much past as is ever kept. Before that the ensemble on a fleet that has only just come, as most
 * of a fleet's series are when memory counts: how fast, and how much the process grows.
 *
 * Seconds are those of processor time, so that others on the machine do not count.
 */
import process from "node:process";
import { type DetectorKind, DETECTORS, ensemble } from "../models/detectors/mod.ts";
import { createRandom } from "../simulator/random.ts";
import { median, numberOption, perSecond, say } from "./running.ts";

const STEADY = 2_500;
const ROUNDS = 5;
/** Of a fleet that has only just come. */
const NEW_SERIES = 10_000;
const NEW_READINGS = 50;

export function run(args: readonly string[]): Promise<number> {
  const readings = numberOption(args, "--readings", 20_000);
  const series = numberOption(args, "--series", 500);
  measureNewSeries();
  say(`one series, median of ${ROUNDS} rounds of ${readings} readings, by processor time:`);
  for (const kind of DETECTORS) {
    say(`  ${kind.name.padEnd(14)}${perSecond(rateOf(kind, 1, readings), 1000)} readings/s`);
  }
  const inTurn = rateOf(ensemble, series, readings);
  say(`ensemble, ${series} series in turn: ${perSecond(inTurn, 1000)} readings/s`);
  measureState();
  return Promise.resolve(0);
}

function rateOf(kind: DetectorKind, series: number, readings: number): number {
  const random = createRandom("bench");
  const values = Array.from({ length: 4_096 }, (_, i) => Math.sin(i / 40) + random.normal(0, 0.1));
  const detectors = Array.from({ length: series }, () => kind.start());
  let row = 0;
  const judge = (count: number) => {
    for (let i = 0; i < count; i++, row++) {
      const at = Math.floor(row / series);
      detectors[row % series]?.update(values[at % values.length] as number, at * 60_000);
    }
  };
  judge(STEADY * series);
  const rates = Array.from({ length: ROUNDS }, () => {
    const startedAt = process.cpuUsage();
    judge(readings);
    const { user, system } = process.cpuUsage(startedAt);
    return readings / ((user + system) / 1e6);
  });
  return median(rates);
}

/** First of all, while the process has no room to spare that would hide how it grows. */
function measureNewSeries(): void {
  const random = createRandom("new");
  const before = process.memoryUsage.rss();
  const startedAt = process.cpuUsage();
  const detectors = Array.from({ length: NEW_SERIES }, () => ensemble.start());
  for (let row = 0; row < NEW_READINGS; row++) {
    for (const detector of detectors) detector.update(random.normal(20, 1), row * 60_000);
  }
  const { user, system } = process.cpuUsage(startedAt);
  const grown = process.memoryUsage.rss() - before;
  const rate = NEW_SERIES * NEW_READINGS / ((user + system) / 1e6);
  say(
    `ensemble, the first ${NEW_READINGS} readings of ${NEW_SERIES} series in turn: ` +
      `${perSecond(rate, 1000)} readings/s; ${(grown / NEW_SERIES / 1024).toFixed(1)} KB a series`,
  );
}

/** What a snapshot of one series weighs, and what it costs. */
function measureState(): void {
  const random = createRandom("state");
  const detector = ensemble.start();
  for (let row = 0; row < 20_000; row++) detector.update(random.normal(0, 1e6), row * 60_000);
  const saved = JSON.stringify(detector);
  const times = (act: () => unknown) =>
    median(Array.from({ length: 50 }, () => {
      const startedAt = performance.now();
      act();
      return performance.now() - startedAt;
    }));
  const save = times(() => JSON.stringify(detector));
  const restore = times(() => ensemble.start(JSON.parse(saved)).update(0, 0));
  say(
    `state of a series: ${(saved.length / 1024).toFixed(1)} KB; saved in ${save.toFixed(2)} ms, ` +
      `restored and ready in ${restore.toFixed(2)} ms`,
  );
}
