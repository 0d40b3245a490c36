/**
 * How an ATM's history is summed up: in buckets of ten minutes, by what is counted in each and by
 * what is measured, the same places in every one.
 */
import { CODES } from "./record.ts";

export const BUCKET_MS = 600_000;
export const BUCKETS = 144;

/** What is counted in a bucket. */
export const N = {
  records: 0,
  /** Four, in the order of `ATM_STATUSES`. */
  status: 1,
  /** Three, in the order of `NETWORK_STATUSES`. */
  network: 5,
  error: 8,
  critical: 9,
  /**
   * Eleven: E001 to E010, and codes we do not know. Not how many records have the code, which
   * depends on how often the ATM speaks, but how many have it that the record before did not have.
   */
  codeStart: 10,
  cash: 21,
  cashLow: 22,
  temperature: 23,
  temperatureOff: 24,
  cpu: 25,
  cpuHigh: 26,
  memory: 27,
  memoryHigh: 28,
  latency: 29,
  /** The same of all codes together. */
  errorStart: 30,
  /** Records with a shorter uptime than the record before. */
  restart: 31,
} as const;
export const COUNTS = 32;

/** What is measured in a bucket. `squares` are squared distances from the bucket's mean. */
export const V = {
  cashMean: 0,
  cashSquares: 1,
  cashMin: 2,
  temperatureMean: 3,
  temperatureSquares: 4,
  temperatureMax: 5,
  cpuMean: 6,
  cpuMax: 7,
  memoryMean: 8,
  memoryMax: 9,
  latencyMean: 10,
  latencySquares: 11,
} as const;
export const VALUES = 12;

/** The codes that are counted one by one, in their order from `N.codeStart` on. */
export const COUNTED_CODES = CODES;
