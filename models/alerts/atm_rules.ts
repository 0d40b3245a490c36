/**
 * When an ATM's report is reason for an alert, and how severe: the rules of its contract.
 *
 * Each has a margin: what raised it must have gone clearly, not just below the line, before it
 * counts as ended. Where the contract names no severity it is high for what has a critical step
 * beyond it, else medium.
 */
import { ERROR_CODES } from "../../events/atm.ts";
import type { AlarmReason, Severity } from "../../events/device.ts";
import type { Json } from "../../events/vocabulary.ts";
import type { Facts } from "./facts.ts";

/** How severe; "rests" where it has ended; undefined where it is as it was, or nobody knows. */
export type Verdict = Severity | "rests" | undefined;

export interface AlertRule {
  readonly reason: AlarmReason;
  /** When it is raised, for people. */
  readonly condition: string;
  /** What the ATM must send for it. */
  readonly needs: readonly string[];
  /** The same again within this time goes on with the alert there was, unless it is severer. */
  readonly cooldownMinutes: number;
  /** Whether it may be broken by a report that is ordinary in itself. */
  readonly looksBack?: true;
  judge(facts: Facts): Verdict;
  /** A sentence about what raised it. */
  describe(facts: Facts): string;
}

interface Threshold {
  readonly reason: AlarmReason;
  readonly field: string;
  readonly over: number;
  readonly critical?: number;
  /** How far below the line it rests. */
  readonly margin: number;
  readonly cooldownMinutes: number;
  readonly what: string;
  readonly unit: string;
}

function above(threshold: Threshold): AlertRule {
  const { reason, field, over, critical, margin, cooldownMinutes, what, unit } = threshold;
  const usual: Severity = critical === undefined ? "medium" : "high";
  return {
    reason,
    condition: `${what} above ${over} ${unit}: ${usual}${
      critical === undefined ? "" : `; above ${critical} ${unit}: critical`
    }`,
    needs: [field],
    cooldownMinutes,
    judge({ report }) {
      const value = report[field];
      if (typeof value !== "number") return undefined;
      if (critical !== undefined && value > critical) return "critical";
      if (value > over) return usual;
      return value <= over - margin ? "rests" : undefined;
    },
    describe: ({ report }) => `${what} is ${report[field]} ${unit}, above ${over}`,
  };
}

const HEAT_C = 38;
const COLD_C = 2;
const CPU_PERCENT = 85;
const MEMORY_PERCENT = 85;
const DISK_PERCENT = 90;
const LOW_CASH_PERCENT = 20;
const CRITICAL_CASH_PERCENT = 10;
const CASH_MARGIN = 2;
const FAILED_PERCENT = 10;
const FAILED_MARGIN = 2;
/** A share of fewer says nothing. */
const TRANSACTIONS_NEEDED = 20;
const MAINTENANCE_DAYS = 90;
const SIGMAS = 2;
const SIGMAS_MARGIN = 0.5;

const CODE_SEVERITY: Readonly<Record<string, Severity>> = {
  E002: "critical",
  E007: "critical",
  E001: "high",
  E003: "high",
};

/** In the order in which they are judged. */
export const ATM_RULES: readonly AlertRule[] = [
  {
    reason: "offline",
    condition: "status offline, or network_status disconnected: high",
    needs: ["status", "network_status"],
    cooldownMinutes: 240,
    judge: ({ report, status }) => isDisconnected(report, status) ? "high" : "rests",
    describe: ({ status }) =>
      status === "offline" ? "The ATM is offline" : "The ATM's network is disconnected",
  },
  {
    reason: "error",
    condition:
      "an error code, or status error: E002, E007 critical; E001, E003 high; others medium",
    needs: ["status", "error_code"],
    cooldownMinutes: 720,
    judge({ report, status }) {
      const code = codeOf(report);
      if (code === undefined) return status === "error" ? "medium" : "rests";
      return Object.hasOwn(CODE_SEVERITY, code) ? CODE_SEVERITY[code] : "medium";
    },
    describe: ({ report }) => describeError(report),
  },
  {
    reason: "critical-cash",
    condition: "cash below 10 %: high; below 5 %: critical",
    needs: ["cash_level_percent"],
    cooldownMinutes: 480,
    judge({ report: { cash_level_percent: cash } }) {
      if (typeof cash !== "number") return undefined;
      if (cash < CRITICAL_CASH_PERCENT) return cash < 5 ? "critical" : "high";
      return cash >= CRITICAL_CASH_PERCENT + CASH_MARGIN ? "rests" : undefined;
    },
    describe: ({ report }) => `Cash is down to ${report.cash_level_percent} %`,
  },
  {
    reason: "low-cash",
    condition: "cash from 10 to 20 %: medium; below 15 %: high",
    needs: ["cash_level_percent"],
    cooldownMinutes: 720,
    judge({ report: { cash_level_percent: cash }, open }) {
      if (typeof cash !== "number") return undefined;
      // One trouble is one alert: below ten per cent the other rule has it, until that rests.
      if (cash < CRITICAL_CASH_PERCENT) return "rests";
      if (open["critical-cash"] && cash < CRITICAL_CASH_PERCENT + CASH_MARGIN) return "rests";
      if (cash < LOW_CASH_PERCENT) return cash < 15 ? "high" : "medium";
      return cash >= LOW_CASH_PERCENT + CASH_MARGIN ? "rests" : undefined;
    },
    describe: ({ report }) => `Cash is low: ${report.cash_level_percent} %`,
  },
  above({
    reason: "high-temperature",
    field: "temperature_celsius",
    over: HEAT_C,
    critical: 40,
    margin: 1,
    cooldownMinutes: 360,
    what: "Temperature",
    unit: "°C",
  }),
  {
    reason: "low-temperature",
    condition: "Temperature below 2 °C: medium",
    needs: ["temperature_celsius"],
    cooldownMinutes: 360,
    judge({ report: { temperature_celsius: value } }) {
      if (typeof value !== "number") return undefined;
      if (value < COLD_C) return "medium";
      return value >= COLD_C + 1 ? "rests" : undefined;
    },
    describe: ({ report }) => `Temperature is ${report.temperature_celsius} °C, below ${COLD_C}`,
  },
  above({
    reason: "high-cpu",
    field: "cpu_usage_percent",
    over: CPU_PERCENT,
    critical: 95,
    margin: 5,
    cooldownMinutes: 240,
    what: "Processor use",
    unit: "%",
  }),
  above({
    reason: "high-memory",
    field: "memory_usage_percent",
    over: MEMORY_PERCENT,
    margin: 5,
    cooldownMinutes: 240,
    what: "Memory use",
    unit: "%",
  }),
  above({
    reason: "high-disk",
    field: "disk_usage_percent",
    over: DISK_PERCENT,
    margin: 2,
    cooldownMinutes: 480,
    what: "Disk use",
    unit: "%",
  }),
  {
    reason: "transaction-failures",
    condition: "above 10 % of the transactions of one to two hours failed, of at least 20: medium",
    needs: ["transaction_count", "failed_transaction_count"],
    cooldownMinutes: 180,
    looksBack: true,
    judge({ transactions }) {
      if (transactions === undefined || transactions.total < TRANSACTIONS_NEEDED) return undefined;
      const percent = failedPercent(transactions);
      if (percent > FAILED_PERCENT) return "medium";
      return percent <= FAILED_PERCENT - FAILED_MARGIN ? "rests" : undefined;
    },
    describe: ({ transactions = { total: 0, failed: 0 } }) =>
      `${transactions.failed} of ${transactions.total} transactions failed`,
  },
  {
    reason: "maintenance-due",
    condition: "no maintenance seen for 90 days: medium",
    needs: ["status"],
    cooldownMinutes: 10_080,
    looksBack: true,
    judge({ daysInUse }) {
      if (daysInUse === undefined) return undefined;
      return daysInUse >= MAINTENANCE_DAYS ? "medium" : "rests";
    },
    describe: ({ daysInUse = 0 }) => `No maintenance for ${Math.floor(daysInUse)} days`,
  },
  {
    reason: "unusual-activity",
    condition: "transactions of an hour more than 2 σ from those of the day before: medium",
    needs: ["transaction_count"],
    cooldownMinutes: 360,
    looksBack: true,
    judge({ activity }) {
      if (activity === undefined) return undefined;
      const { latest, mean, deviation } = activity;
      const away = Math.abs(latest - mean);
      if (away > SIGMAS * deviation) return "medium";
      return away <= (SIGMAS - SIGMAS_MARGIN) * deviation ? "rests" : undefined;
    },
    describe: ({ activity = { latest: 0, mean: 0, deviation: 0 } }) =>
      `${activity.latest} transactions in an hour; usual are ${activity.mean.toFixed(1)} ± ${
        activity.deviation.toFixed(1)
      }`,
  },
];

/**
 * Whether no rule that looks at the report alone has anything to say about it: nearly always, and
 * asked of every report.
 */
export function isOrdinary(report: Json, status: string): boolean {
  const {
    cash_level_percent: cash,
    temperature_celsius: temperature,
    cpu_usage_percent: cpu,
    memory_usage_percent: memory,
    disk_usage_percent: disk,
  } = report;
  return !isDisconnected(report, status) && status !== "error" &&
    codeOf(report) === undefined &&
    !(typeof cash === "number" && cash < LOW_CASH_PERCENT) &&
    !(typeof temperature === "number" && (temperature > HEAT_C || temperature < COLD_C)) &&
    !(typeof cpu === "number" && cpu > CPU_PERCENT) &&
    !(typeof memory === "number" && memory > MEMORY_PERCENT) &&
    !(typeof disk === "number" && disk > DISK_PERCENT);
}

/** The rule that gives this reason; undefined where none does. */
export function ruleOf(reason: unknown): AlertRule | undefined {
  return byReason.get(reason);
}

const byReason = new Map<unknown, AlertRule>(ATM_RULES.map((rule) => [rule.reason, rule]));

const RANK: Readonly<Record<Severity, number>> = { low: 0, medium: 1, high: 2, critical: 3 };

export function isSeverer(severity: Severity, than: Severity): boolean {
  return RANK[severity] > RANK[than];
}

function isDisconnected({ network_status }: Json, status: string): boolean {
  return status === "offline" || network_status === "disconnected";
}

function codeOf({ error_code }: Json): string | undefined {
  return typeof error_code === "string" && error_code !== "" ? error_code : undefined;
}

function failedPercent({ total, failed }: { total: number; failed: number }): number {
  return 100 * failed / total;
}

function describeError(report: Json): string {
  const code = codeOf(report);
  if (code === undefined) return "The ATM reports an error";
  const known = Object.hasOwn(ERROR_CODES, code) ? ERROR_CODES[code]?.meaning : undefined;
  const meaning = known ?? report.error_message;
  return `The ATM reports error ${code}${meaning ? `: ${meaning}` : ""}`;
}
