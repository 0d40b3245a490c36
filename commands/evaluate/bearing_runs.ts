/** Bearings that were run until they failed: when was it noticed, and how often for nothing? */
import {
  type Health,
  healthOf,
  levelOf,
  UNKNOWN_HEALTH,
  wearAfter,
} from "../../models/vibration/mod.ts";
import { UserError } from "../command.ts";
import { describeForetold } from "./bearing_lives.ts";
import { numberOf, readLines } from "./series_files.ts";
import { table } from "./table.ts";

export const FEATURES = "features.csv";

export interface Run {
  readonly bearing: string;
  /** RMS and peak of every axis, a row a reading. */
  readonly readings: readonly (readonly number[])[];
}

export interface RunOutcome {
  readonly readings: number;
  /** The reading at which the alarm was raised that was in force when the bearing failed. */
  readonly alarm: number | undefined;
  /** How worn it seemed then. */
  readonly atAlarm: Health | undefined;
  /** Alarms raised in the first half of the bearing's life. */
  readonly falseAlarms: number;
}

export async function describeRuns(path: string, intervalSeconds: number): Promise<string> {
  const runs = await readRuns(path);
  const outcomes = runs.map((run) => followRun(run, intervalSeconds));
  const rows = outcomes.map((outcome, i) => [
    runs[i]?.bearing ?? "",
    String(outcome.readings),
    ...cellsOf(outcome, intervalSeconds),
    String(outcome.falseAlarms),
  ]);
  const noticed = outcomes.filter(({ alarm }) => alarm !== undefined).length;
  const head = ["bearing", "readings", "alarm after", "of its life", "lead time", "estimated then"];
  return [
    table([[...head, "false alarms"], ...rows]),
    `${noticed} of ${runs.length} alarmed before the end; at most ${
      Math.max(...outcomes.map(({ falseAlarms }) => falseAlarms))
    } false alarms in one bearing.
An alarm counts if it is in force when the bearing fails; false ones were raised in the first half of
its life. "estimated then": time left as told when the alarm was raised, and its interval.`,
    describeForetold(runs.map((run) => healthsOf(run, intervalSeconds)), intervalSeconds),
  ].join("\n\n");
}

function cellsOf({ readings, alarm, atAlarm }: RunOutcome, intervalSeconds: number): string[] {
  if (alarm === undefined) return ["-", "-", "-", "-"];
  const remaining = atAlarm?.remaining;
  return [
    time(alarm * intervalSeconds),
    `${Math.floor(100 * alarm / readings)} %`,
    time((readings - alarm) * intervalSeconds),
    remaining
      ? `${time(remaining.expectedMs / 1000)} (${time(remaining.earliestMs / 1000)} to ${
        remaining.latestMs === null ? "never" : time(remaining.latestMs / 1000)
      })`
      : "-",
  ];
}

/** Reading by reading, as it would have been live: nothing is known of what comes after. */
export function healthsOf({ readings }: Run, intervalSeconds: number): (Health | undefined)[] {
  let state = UNKNOWN_HEALTH;
  return readings.map((magnitudes, i) => {
    const level = levelOf(magnitudes);
    const at = i * intervalSeconds * 1000;
    const after = level === undefined ? undefined : wearAfter(state, at, level);
    state = after ?? state;
    return after && healthOf(after, at);
  });
}

export function followRun(run: Run, intervalSeconds: number): RunOutcome {
  const readings = run.readings.length;
  let wasAlarm = false;
  let alarm: number | undefined;
  let atAlarm: Health | undefined;
  let falseAlarms = 0;
  for (const [i, health] of healthsOf(run, intervalSeconds).entries()) {
    if (health === undefined) continue;
    if (health.alarm && !wasAlarm) {
      alarm = i;
      atAlarm = health;
      if (i < readings / 2) falseAlarms++;
    }
    if (!health.alarm) alarm = undefined;
    wasAlarm = health.alarm;
  }
  return { readings, alarm, atAlarm: alarm === undefined ? undefined : atAlarm, falseAlarms };
}

export async function readRuns(path: string): Promise<Run[]> {
  const [header = "", ...lines] = await readLines(path);
  const names = header.split(",").map((name) => name.trim());
  const bearing = names.indexOf("bearing");
  const columns = names.flatMap((name, i) => /^[a-z]+_(rms|peak)$/.test(name) ? [i] : []);
  if (bearing < 0 || columns.length === 0) {
    throw new UserError(
      `Cannot read ${path}: expected the columns bearing, <axis>_rms and <axis>_peak, found ${header}`,
    );
  }
  const runs = new Map<string, number[][]>();
  for (const [i, line] of lines.entries()) {
    const cells = line.split(",");
    const where = { path, line: i + 2 };
    const name = cells[bearing] ?? "";
    const readings = runs.get(name) ?? [];
    readings.push(columns.map((column) => numberOf(cells[column] ?? "", where)));
    runs.set(name, readings);
  }
  return [...runs].map(([bearing, readings]) => ({ bearing, readings }));
}

function time(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 100 ? `${hours} h ${minutes % 60} min` : `${Math.round(hours / 24)} days`;
}
