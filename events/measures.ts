/** What a device's report measures, and what it says about the device's status. */
import type { Json } from "./vocabulary.ts";

interface Reported {
  readonly type: string;
  readonly data: Json;
}

const ATM_MEASURES = [
  "cash_level_percent",
  "temperature_celsius",
  "cpu_usage_percent",
  "memory_usage_percent",
  "disk_usage_percent",
  "network_latency_ms",
  "uptime_seconds",
  "transaction_count",
  "failed_transaction_count",
];

const VIBRATION_MEASURES: readonly (readonly [group: string, field: string, name: string])[] = [
  ["acceleration", "rms", "acceleration.rms"],
  ["acceleration", "peak", "acceleration.peak"],
  ["acceleration", "crestFactor", "acceleration.crestFactor"],
  ["acceleration", "kurtosis", "acceleration.kurtosis"],
  ["velocity", "rms", "velocity.rms"],
  ["velocity", "peak", "velocity.peak"],
  ["velocity", "crestFactor", "velocity.crestFactor"],
];

/** Calls back for every number in a report that is worth a trend; nothing for other events. */
export function forEachMeasure(
  { type, data }: Reported,
  visit: (name: string, value: number) => void,
): void {
  switch (type) {
    case "TelemetryReported":
      for (const name of ATM_MEASURES) {
        const value = data[name];
        if (typeof value === "number") visit(name, value);
      }
      return;
    case "ReadingReported":
      if (typeof data.value === "number") visit("value", data.value);
      return;
    case "VibrationReported":
      return forEachVibration(data, visit);
  }
}

function forEachVibration(data: Json, visit: (name: string, value: number) => void): void {
  const names = namesOf(typeof data.bearingId === "string" ? `${data.bearingId}.` : "");
  for (let i = 0; i < VIBRATION_MEASURES.length; i++) {
    const [group, field] = VIBRATION_MEASURES[i] as typeof VIBRATION_MEASURES[number];
    const value = (data[group] as Json | null | undefined)?.[field];
    if (typeof value === "number") visit(names[i] as string, value);
  }
  if (typeof data.temperature === "number") visit(names.at(-1) as string, data.temperature);
}

/** The names a bearing's measures have, by its prefix: a text put together anew is slow to look up. */
const knownNames = new Map<string, readonly string[]>();
const NAMES_KEPT_MAX = 10_000;

function namesOf(prefix: string): readonly string[] {
  let names = knownNames.get(prefix);
  if (names === undefined) {
    names = [...VIBRATION_MEASURES.map(([, , name]) => prefix + name), `${prefix}temperature`];
    if (knownNames.size >= NAMES_KEPT_MAX) knownNames.clear();
    knownNames.set(prefix, names);
  }
  return names;
}

/** The status a report observed; undefined for every other event. */
export function observedStatus({ type, data }: Reported): string | undefined {
  switch (type) {
    case "TelemetryReported":
    case "PollReported":
      return typeof data.status === "string" ? data.status : undefined;
    case "VibrationReported":
      return typeof data.status === "string" ? data.status : "Normal";
    case "ReadingReported":
      return "reporting";
  }
  return undefined;
}

/** Whether a device of this kind is available while it shows this status. */
export function isUp(kind: string, status: string): boolean {
  switch (kind) {
    case "atm":
      return status === "online";
    case "store":
      return status === "active";
    default:
      // A machine that vibrates badly runs all the same, and a sensor that reports, reports.
      return true;
  }
}

/** Per kind, from good to bad. */
const ORDER: Readonly<Record<string, readonly string[]>> = {
  atm: ["online", "maintenance", "offline", "error"],
  machine: ["Normal", "Satisfactory", "Alert", "Unacceptable"],
  store: ["active", "inactive"],
};

/** Of two statuses seen at the very same instant, the one that counts. */
export function worseOf(kind: string, a: string, b: string): string {
  const order = ORDER[kind] ?? [];
  return order.indexOf(a) >= order.indexOf(b) ? a : b;
}
