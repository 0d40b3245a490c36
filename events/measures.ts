/** What a device's report measures, and what it says about the device's status. */
import type { Json } from "./vocabulary.ts";

interface Reported {
  readonly type: string;
  readonly data: Json;
}

type Visit = (name: string, value: number) => void;

/** Calls back for every number in a report that is worth a trend; nothing for other events. */
export function forEachMeasure(
  { type, data }: Reported,
  visit: Visit,
): void {
  switch (type) {
    case "TelemetryReported":
      return forEachTelemetry(data, visit);
    case "ReadingReported":
      return visitNumber("value", data.value, visit);
    case "VibrationReported":
      return forEachVibration(data, visit);
  }
}

// Field by field: one that is looked up by a name in a variable takes several times as long.

function forEachTelemetry(data: Json, visit: Visit): void {
  visitNumber("cash_level_percent", data.cash_level_percent, visit);
  visitNumber("temperature_celsius", data.temperature_celsius, visit);
  visitNumber("cpu_usage_percent", data.cpu_usage_percent, visit);
  visitNumber("memory_usage_percent", data.memory_usage_percent, visit);
  visitNumber("disk_usage_percent", data.disk_usage_percent, visit);
  visitNumber("network_latency_ms", data.network_latency_ms, visit);
  visitNumber("uptime_seconds", data.uptime_seconds, visit);
  visitNumber("transaction_count", data.transaction_count, visit);
  visitNumber("failed_transaction_count", data.failed_transaction_count, visit);
}

function forEachVibration(data: Json, visit: Visit): void {
  const names = namesOf(typeof data.bearingId === "string" ? `${data.bearingId}.` : "");
  const acceleration = data.acceleration as Json | null | undefined;
  const velocity = data.velocity as Json | null | undefined;
  visitNumber(names.accelerationRms, acceleration?.rms, visit);
  visitNumber(names.accelerationPeak, acceleration?.peak, visit);
  visitNumber(names.accelerationCrest, acceleration?.crestFactor, visit);
  visitNumber(names.accelerationKurtosis, acceleration?.kurtosis, visit);
  visitNumber(names.velocityRms, velocity?.rms, visit);
  visitNumber(names.velocityPeak, velocity?.peak, visit);
  visitNumber(names.velocityCrest, velocity?.crestFactor, visit);
  visitNumber(names.temperature, data.temperature, visit);
}

function visitNumber(name: string, value: unknown, visit: Visit): void {
  if (typeof value === "number") visit(name, value);
}

/** The names a bearing's measures have, by its prefix: a text put together anew is slow to look up. */
const knownNames = new Map<string, VibrationNames>();
const NAMES_KEPT_MAX = 10_000;

type VibrationNames = ReturnType<typeof withPrefix>;

function namesOf(prefix: string): VibrationNames {
  let names = knownNames.get(prefix);
  if (names === undefined) {
    names = withPrefix(prefix);
    if (knownNames.size >= NAMES_KEPT_MAX) knownNames.clear();
    knownNames.set(prefix, names);
  }
  return names;
}

function withPrefix(prefix: string) {
  return {
    accelerationRms: `${prefix}acceleration.rms`,
    accelerationPeak: `${prefix}acceleration.peak`,
    accelerationCrest: `${prefix}acceleration.crestFactor`,
    accelerationKurtosis: `${prefix}acceleration.kurtosis`,
    velocityRms: `${prefix}velocity.rms`,
    velocityPeak: `${prefix}velocity.peak`,
    velocityCrest: `${prefix}velocity.crestFactor`,
    temperature: `${prefix}temperature`,
  };
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
