/**
 * One telemetry record of an ATM as numbers, so that a history can be kept in arrays.
 * What the record does not say is NaN, and stays so.
 */
import { ATM_STATUSES, ERROR_CODES, NETWORK_STATUSES } from "../../events/atm.ts";
import type { Json } from "../../events/vocabulary.ts";

/** Where each value stands in a record. */
export const AT = 0;
/** Its place in `ATM_STATUSES`: online 0, offline 1, error 2, maintenance 3. */
export const STATUS = 1;
/** 0 for none, 1 to 10 for E001 to E010, 11 for a code we do not know. */
export const CODE = 2;
export const CASH = 3;
export const TEMPERATURE = 4;
export const CPU = 5;
export const MEMORY = 6;
/** Milliseconds. */
export const LATENCY = 7;
/** Its place in `NETWORK_STATUSES`: connected 0, disconnected 1, unstable 2. */
export const NETWORK = 8;
/** Seconds. */
export const UPTIME = 9;
export const RECORD_FIELDS = 10;

export const CODES = Object.keys(ERROR_CODES);
const OTHER_CODE = CODES.length + 1;

const codeNumbers = new Map(CODES.map((code, index) => [code, index + 1]));
const critical = [false, ...CODES.map((code) => ERROR_CODES[code]?.critical === true), false];

/** Whether a code, by its number, is one that precedes failure. */
export function isCritical(code: number): boolean {
  return critical[code] === true;
}

/** `data` is the body of a telemetry message; `at` is its moment, epoch ms. */
export function readRecord(data: Json, at: number, into: number[]): void {
  into[AT] = at;
  into[STATUS] = placeOf(ATM_STATUSES, data.status);
  into[CODE] = codeNumber(data.error_code);
  into[CASH] = numberOr(data.cash_level_percent);
  into[TEMPERATURE] = numberOr(data.temperature_celsius);
  into[CPU] = numberOr(data.cpu_usage_percent);
  into[MEMORY] = numberOr(data.memory_usage_percent);
  into[LATENCY] = numberOr(data.network_latency_ms);
  into[NETWORK] = placeOf(NETWORK_STATUSES, data.network_status);
  into[UPTIME] = numberOr(data.uptime_seconds);
}

function numberOr(value: unknown): number {
  return typeof value === "number" ? value : NaN;
}

function placeOf(names: readonly string[], value: unknown): number {
  const place = names.indexOf(value as string);
  return place < 0 ? NaN : place;
}

function codeNumber(code: unknown): number {
  if (typeof code !== "string" || code === "") return 0;
  return codeNumbers.get(code) ?? OTHER_CODE;
}
