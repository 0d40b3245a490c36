/** What the rules for alerts look at: a report, and the little of an ATM's past that they need. */
import type { AlarmReason } from "../../events/device.ts";
import type { Json } from "../../events/vocabulary.ts";

export interface Facts {
  /** The body of a telemetry message. */
  readonly report: Json;
  readonly status: string;
  /** In this clock hour and the one before; undefined where the ATM does not tell of them. */
  readonly transactions: { readonly total: number; readonly failed: number } | undefined;
  /** Of the last whole clock hour and those of the day before it; undefined where too few are known. */
  readonly activity: Activity | undefined;
  /** Since its last maintenance, or since we know it where none was seen; undefined before that. */
  readonly daysInUse: number | undefined;
  /** Which alarms are open. */
  readonly open: Readonly<Partial<Record<AlarmReason, unknown>>>;
}

/** Transactions of the last whole hour, beside what is usual. */
export interface Activity {
  readonly latest: number;
  readonly mean: number;
  /** With ddof 1. */
  readonly deviation: number;
}

/** A day has 24 hours; with fewer than this known, what is usual is not. */
const HOURS_NEEDED = 12;

/** `earlier`: transactions of each earlier hour that is known. */
export function activityOf(
  latest: number | undefined,
  earlier: readonly number[],
): Activity | undefined {
  if (latest === undefined || earlier.length < HOURS_NEEDED) return undefined;
  const mean = earlier.reduce((sum, count) => sum + count, 0) / earlier.length;
  const squares = earlier.reduce((sum, count) => sum + (count - mean) ** 2, 0);
  return { latest, mean, deviation: Math.sqrt(squares / (earlier.length - 1)) };
}

/** Of an ATM of which nothing but this report is known. */
export function factsOfReport(report: Json, status: string): Facts {
  const { transaction_count: total, failed_transaction_count: failed } = report;
  return {
    report,
    status,
    transactions: typeof total === "number" && typeof failed === "number" && failed <= total
      ? { total, failed }
      : undefined,
    activity: undefined,
    daysInUse: undefined,
    open: {},
  };
}
