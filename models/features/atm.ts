/**
 * What the failure model sees of an ATM at a moment: the one definition for training and serving.
 *
 * The first 28 are those of the contract, over the last 24 hours without the latest record, which
 * follows by itself. Behind them stands what shows decay: the last hour and six hours, slopes,
 * counts per code, time since. What is not known is NaN. There is no hour of day: a model that
 * knows when technicians come has learned the technicians.
 */
import { COUNTED_CODES, N } from "./buckets.ts";
import { type AtmHistory, LAST, STARTS } from "./history.ts";
import { SILENT_MAX_MS } from "./scorable.ts";
import {
  AT,
  CASH,
  CODE,
  CPU,
  isCritical,
  LATENCY,
  MEMORY,
  STATUS,
  TEMPERATURE,
  UPTIME,
} from "./record.ts";
import { BESIDE_NAMES, type Peers, type Statement, writeBeside } from "./peers.ts";
import { meanOfYesterday, type Measure, slopeOf, Window } from "./window.ts";

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const SECOND_MS = 1000;
const SLOPE_HOURS = 6;
/** A latest record older than this says nothing about the ATM of now. */
const CURRENT_MAX_MS = 24 * HOUR_MS;

interface Seen {
  readonly history: AtmHistory;
  readonly at: number;
  readonly hour: Window;
  readonly sixHours: Window;
  readonly day: Window;
}

type Feature = readonly [name: string, of: (seen: Seen) => number];

/** The contract's, in its order. Shares are of the records that say anything of the matter. */
const CONTRACT: readonly Feature[] = [
  ["online_ratio", ({ day }) => share(day, N.status + 0, N.records)],
  ["error_ratio", ({ day }) => share(day, N.status + 2, N.records)],
  ["offline_ratio", ({ day }) => share(day, N.status + 1, N.records)],
  ["maintenance_ratio", ({ day }) => share(day, N.status + 3, N.records)],
  ["cash_mean", ({ day }) => day.cash.mean],
  ["cash_min", ({ day }) => day.cash.extreme],
  ["cash_sd", ({ day }) => day.cash.deviation],
  ["cash_low_ratio", ({ day }) => share(day, N.cashLow, N.cash)],
  ["temperature_mean", ({ day }) => day.temperature.mean],
  ["temperature_max", ({ day }) => day.temperature.extreme],
  ["temperature_sd", ({ day }) => day.temperature.deviation],
  ["temperature_off_ratio", ({ day }) => share(day, N.temperatureOff, N.temperature)],
  ["cpu_mean", ({ day }) => day.cpu.mean],
  ["cpu_max", ({ day }) => day.cpu.extreme],
  ["cpu_high_ratio", ({ day }) => share(day, N.cpuHigh, N.cpu)],
  ["memory_mean", ({ day }) => day.memory.mean],
  ["memory_max", ({ day }) => day.memory.extreme],
  ["memory_high_ratio", ({ day }) => share(day, N.memoryHigh, N.memory)],
  ["disconnected_ratio", ({ day }) => disconnected(day)],
  ["error_code_ratio", ({ day }) => share(day, N.error, N.records)],
  ["critical_code_ratio", ({ day }) => share(day, N.critical, N.records)],
  ["current_status", (seen) => current(seen, STATUS)],
  ["current_cash", (seen) => current(seen, CASH)],
  ["current_temperature", (seen) => current(seen, TEMPERATURE)],
  ["current_cpu", (seen) => current(seen, CPU)],
  ["current_memory", (seen) => current(seen, MEMORY)],
  ["current_latency_seconds", (seen) => current(seen, LATENCY) / SECOND_MS],
  ["current_critical", currentCritical],
];

const SPANS = [["1h", "hour"], ["6h", "sixHours"], ["24h", "day"]] as const;
const SHORT_SPANS = [["1h", "hour"], ["6h", "sixHours"]] as const;

const BEYOND: readonly Feature[] = [
  ...SHORT_SPANS.flatMap(([name, span]): Feature[] => [
    [`temperature_mean_${name}`, (seen) => seen[span].temperature.mean],
    [`temperature_sd_${name}`, (seen) => seen[span].temperature.deviation],
    [`cpu_mean_${name}`, (seen) => seen[span].cpu.mean],
    [`memory_mean_${name}`, (seen) => seen[span].memory.mean],
    [`error_code_ratio_${name}`, (seen) => share(seen[span], N.error, N.records)],
    [`disconnected_ratio_${name}`, (seen) => disconnected(seen[span])],
  ]),
  ...SPANS.flatMap(([name, span]): Feature[] => [
    [`latency_mean_${name}`, (seen) => seen[span].latency.mean],
    [`latency_sd_${name}`, (seen) => seen[span].latency.deviation],
    [`unstable_ratio_${name}`, (seen) => unstable(seen[span])],
    [`errors_started_${name}`, (seen) => count(seen[span], N.errorStart)],
    [`restarts_${name}`, (seen) => count(seen[span], N.restart)],
    ...COUNTED_CODES.map((code, index): Feature => [
      `${code.toLowerCase()}_started_${name}`,
      (seen) => count(seen[span], N.codeStart + index),
    ]),
  ]),
  ["temperature_change", ({ hour, day }) => hour.temperature.mean - day.temperature.mean],
  ["cpu_change", ({ hour, day }) => hour.cpu.mean - day.cpu.mean],
  ["latency_ratio", ({ hour, day }) => ratio(hour.latency.mean, day.latency.mean)],
  ["cash_slope", (seen) => slope(seen, "cash")],
  ["temperature_slope", (seen) => slope(seen, "temperature")],
  ["cpu_slope", (seen) => slope(seen, "cpu")],
  ["memory_slope", (seen) => slope(seen, "memory")],
  ["latency_slope", (seen) => slope(seen, "latency")],
  ["hours_since_error", (seen) => hoursSince(seen, LAST.error)],
  ["hours_since_critical", (seen) => hoursSince(seen, LAST.critical)],
  ["hours_since_offline", (seen) => hoursSince(seen, LAST.offline)],
  ["hours_since_maintenance", (seen) => hoursSince(seen, LAST.maintenance)],
  ...Array.from({ length: STARTS }, (_, last): Feature => [
    `hours_since_start_${last + 1}`,
    ({ history, at }) => (at - (history.starts[last] as number)) / HOUR_MS,
  ]),
  ["uptime_hours", (seen) => current(seen, UPTIME) * SECOND_MS / HOUR_MS],
  ["minutes_since_report", ({ history, at }) => (at - (history.latest[AT] as number)) / MINUTE_MS],
  // The hours of the day, without knowing the hour.
  ["temperature_since_yesterday", (seen) => sinceYesterday(seen, "temperature")],
  ["cpu_since_yesterday", (seen) => sinceYesterday(seen, "cpu")],
];

const OWN = [...CONTRACT, ...BEYOND];
/** Room to work in: a row is written in one go. */
const room = { hour: new Window(), sixHours: new Window(), day: new Window() };

/** The columns, in order. */
export const FEATURE_NAMES: readonly string[] = [...OWN.map(([name]) => name), ...BESIDE_NAMES];
/** From here on they are those beside the ATM's peers. */
export const BESIDE_FROM = OWN.length;
/** As many of them, from the first on, are the contract's. */
export const CONTRACT_FEATURES = CONTRACT.length;

/** `at` is no earlier than the latest record taken in; epoch ms. */
export function features(history: AtmHistory, at: number, peers?: Peers): Float32Array {
  const row = new Float32Array(FEATURE_NAMES.length);
  writeFeatures(history, at, row, 0, peers);
  return row;
}

/** The same into a matrix, from a place on. `peers` are what those around it are like by then. */
export function writeFeatures(
  history: AtmHistory,
  at: number,
  into: Float32Array,
  from: number,
  peers?: Peers,
): void {
  room.hour.fill(history, at, 1);
  room.sixHours.fill(history, at, 6);
  room.day.fill(history, at, 24);
  const seen = { history, at, ...room };
  for (let i = 0; i < OWN.length; i++) into[from + i] = (OWN[i] as Feature)[1](seen);
  writeBeside(statementIn(room.hour), peers, into, from + BESIDE_FROM);
}

/** What those around an ATM are held against; undefined where it has been silent. */
export function statementOf(history: AtmHistory, at: number): Statement | undefined {
  if (!(at - (history.latest[AT] as number) <= SILENT_MAX_MS)) return undefined;
  room.hour.fill(history, at, 1);
  return statementIn(room.hour);
}

function statementIn(hour: Window): Statement {
  return {
    temperature: hour.temperature.mean,
    latency: hour.latency.mean,
    unstable: unstable(hour),
    disconnected: disconnected(hour),
  };
}

function sinceYesterday({ history, at, hour }: Seen, of: Measure): number {
  return hour[of].mean - meanOfYesterday(history, at, of);
}

function slope({ history, at }: Seen, of: Measure): number {
  return slopeOf(history, at, SLOPE_HOURS, of);
}

function count({ counts }: Window, what: number): number {
  // Without any report there is nothing to have counted.
  return counts[N.records] === 0 ? NaN : counts[what] as number;
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? NaN : part / whole;
}

function share({ counts }: Window, part: number, whole: number): number {
  return ratio(counts[part] as number, counts[whole] as number);
}

function disconnected({ counts }: Window): number {
  return ratio(counts[N.network + 1] as number, networkKnown(counts));
}

function unstable({ counts }: Window): number {
  return ratio(counts[N.network + 2] as number, networkKnown(counts));
}

function networkKnown(counts: Float64Array): number {
  return (counts[N.network] as number) + (counts[N.network + 1] as number) +
    (counts[N.network + 2] as number);
}

function current({ history, at }: Seen, what: number): number {
  const { latest } = history;
  return at - (latest[AT] as number) <= CURRENT_MAX_MS ? latest[what] as number : NaN;
}

function currentCritical(seen: Seen): number {
  const code = current(seen, CODE);
  return Number.isNaN(code) ? NaN : Number(isCritical(code));
}

function hoursSince({ history, at }: Seen, what: number): number {
  return (at - (history.last[what] as number)) / HOUR_MS;
}
