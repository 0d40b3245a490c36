/**
 * The ATM's alerts: what its reports say is held against the rules of its contract.
 *
 * An alarm tells what is true, and so is raised and cleared as often as that changes; an alert is
 * what bothers somebody. An alarm that comes back within its rule's cooldown, no severer than
 * before, is therefore raised as part of the alert there was; what gets severer while it is open
 * is the same alert, worse. Somebody may end an alert although its cause goes on: then it stays
 * ended for the rest of its cooldown, unless it gets severer.
 */
import type { AlarmReason, DeviceEvent, Severity } from "../events/device.ts";
import type { Event } from "../events/event.ts";
import { formatInstant, parseInstant } from "../events/instant.ts";
import type { Json } from "../events/vocabulary.ts";
import { ATM_RULES, isOrdinary, isSeverer, ruleOf } from "../models/alerts/atm_rules.ts";
import { type Activity, activityOf, type Facts } from "../models/alerts/facts.ts";
import { clearAlarm, type OpenAlarms } from "./alarm.ts";
import { type CommandInput, CommandRejectedError } from "./decider.ts";
import { HOUR_MS, inHour, type Rolling } from "./rolling.ts";

/** What an ATM's actor remembers of its alerts. Moments are epoch ms. */
export interface AtmAlerts {
  /** The latest alert of each rule. */
  readonly latest: Partial<Record<AlarmReason, LatestAlert>>;
  /** When it last reported to be in maintenance; when it first reported, where it never did. */
  maintainedAt: number | null;
}

interface LatestAlert {
  readonly at: number;
  /** The most that was said of it. */
  readonly severity: Severity;
  /** Somebody has ended it. */
  readonly dealtWith: boolean;
}

/** What the rules look at. */
export interface Watched {
  readonly alarms: OpenAlarms;
  readonly rolling: Rolling;
  /** The newest moment it reported before. */
  readonly lastAt: number | null;
  readonly alerts?: AtmAlerts | undefined;
}

export interface Told {
  readonly report: Json;
  readonly status: string;
  /** Epoch ms. */
  readonly at: number;
}

const NOTHING: readonly DeviceEvent[] = [];
const MINUTE_MS = 60_000;
const DAY_MS = 24 * HOUR_MS;
/** Half a day sooner than any rule asks for, so that only the rule knows when. */
const RECENTLY_MS = 89.5 * DAY_MS;

export function noAlerts(): AtmAlerts {
  return { latest: {}, maintainedAt: null };
}

/** What follows for its alarms from the newest report. */
export function alarmsForReport(watched: Watched, told: Told): readonly DeviceEvent[] {
  const { alarms, alerts } = watched;
  const { report, status, at } = told;
  const ordinary = isOrdinary(report, status);
  if (ordinary && hasNothingElse(watched, told)) return NOTHING;
  const facts = factsOf(watched, told);
  const ended: DeviceEvent[] = [];
  const begun: DeviceEvent[] = [];
  for (const rule of ATM_RULES) {
    const { reason, cooldownMinutes } = rule;
    const open = alarms[reason];
    if (ordinary && open === undefined && !rule.looksBack) continue;
    const severity = rule.judge(facts);
    if (severity === undefined) continue;
    if (severity === "rests") {
      if (open !== undefined) ended.push(...clearAlarm(alarms, reason, at));
      continue;
    }
    if (open !== undefined && !isSeverer(severity, open.severity)) continue;
    const latest = alerts?.latest[reason];
    const again = latest !== undefined && at < latest.at + cooldownMinutes * MINUTE_MS &&
      !isSeverer(severity, latest.severity);
    if (again && latest.dealtWith) continue;
    if (open !== undefined) ended.push(...clearAlarm(alarms, reason, at));
    const goesOn = latest !== undefined && (again || open !== undefined);
    const alert = goesOn ? { alert: formatInstant(latest.at) } : {};
    const data = { reason, severity, message: rule.describe(facts), ...alert };
    begun.push({ type: "AlarmRaised", data, occurredAt: at });
  }
  return [...ended, ...begun];
}

/** Nearly always, so it must cost next to nothing: neither an open alarm nor a past to look at. */
function hasNothingElse({ alarms, rolling, alerts }: Watched, { report, at }: Told): boolean {
  for (const _ in alarms) return false;
  return !rolling.names.includes("transaction_count") &&
    report.transaction_count === undefined &&
    at - (alerts?.maintainedAt ?? at) < RECENTLY_MS;
}

function factsOf(
  { alarms, rolling, lastAt, alerts }: Watched,
  { report, status, at }: Told,
): Facts {
  const maintainedAt = status === "maintenance" ? at : alerts?.maintainedAt ?? null;
  return {
    report,
    status,
    transactions: transactionsOf(rolling, report, at),
    activity: activityBefore(rolling, lastAt, at),
    daysInUse: maintainedAt === null ? undefined : (at - maintainedAt) / DAY_MS,
    open: alarms,
  };
}

/** Of this hour and the last; the report is not yet among them. */
function transactionsOf(rolling: Rolling, report: Json, at: number): Facts["transactions"] {
  if (!rolling.names.includes("transaction_count") && report.transaction_count === undefined) {
    return undefined;
  }
  const hour = Math.floor(at / HOUR_MS);
  const sumOf = (name: string): number => {
    const now = report[name];
    return (inHour(rolling, name, hour - 1)?.sum ?? 0) + (inHour(rolling, name, hour)?.sum ?? 0) +
      (typeof now === "number" ? now : 0);
  };
  const total = sumOf("transaction_count");
  const failed = sumOf("failed_transaction_count");
  return total > 0 && failed >= 0 && failed <= total ? { total, failed } : undefined;
}

/** Asked once an hour, with its first report: until the next, nothing new is known of whole hours. */
function activityBefore(rolling: Rolling, lastAt: number | null, at: number): Activity | undefined {
  const hour = Math.floor(at / HOUR_MS);
  if (lastAt === null || Math.floor(lastAt / HOUR_MS) === hour) return undefined;
  const latest = hour - 1;
  const earlier: number[] = [];
  for (let ago = 1; ago < 23; ago++) {
    const known = inHour(rolling, "transaction_count", latest - ago);
    if (known !== undefined) earlier.push(known.sum);
  }
  return activityOf(inHour(rolling, "transaction_count", latest)?.sum, earlier);
}

/** Takes in what was recorded of the ATM. Changes `alerts` in place. */
export function noteAlerts(alerts: AtmAlerts, { type, data, occurredAt, recordedAt }: Event): void {
  switch (type) {
    case "TelemetryReported":
      if (alerts.maintainedAt === null || data.status === "maintenance") {
        // A clock ahead of ours must not make everything that follows late.
        const at = Math.min(occurredAt, recordedAt);
        alerts.maintainedAt = Math.max(at, alerts.maintainedAt ?? at);
      }
      return;
    case "AlarmRaised": {
      const reason = ruleOf(data.reason)?.reason;
      if (reason === undefined) return;
      const at = momentOf(data.alert) ?? occurredAt;
      const before = alerts.latest[reason];
      const severity = data.severity as Severity;
      const worst = before?.at === at && !isSeverer(severity, before.severity)
        ? before.severity
        : severity;
      alerts.latest[reason] = { at, severity: worst, dealtWith: false };
      return;
    }
    case "AlarmCleared": {
      const reason = ruleOf(data.reason)?.reason;
      const latest = reason && alerts.latest[reason];
      if (latest && typeof data.by === "string") {
        alerts.latest[reason] = { ...latest, dealtWith: true };
      }
    }
  }
}

function momentOf(text: unknown): number | undefined {
  return typeof text === "string" ? parseInstant(text) : undefined;
}

/** What somebody says of an alert. */
export function decideAlertOrder(
  { known, decommissioned, alarms }: {
    readonly known: boolean;
    readonly decommissioned: boolean;
    readonly alarms: OpenAlarms;
  },
  { command, data, at }: CommandInput,
): readonly DeviceEvent[] {
  const by = String(data.by);
  if (command === "ResolveAlarm") {
    const reason = data.reason as AlarmReason;
    if (reason === "silent") {
      throw new CommandRejectedError("not-resolvable", "Silence ends when the ATM is heard again");
    }
    const cleared = clearAlarm(alarms, reason, at);
    if (cleared.length === 0) {
      throw new CommandRejectedError("no-such-alarm", `No alarm "${reason}" is open`);
    }
    return cleared.map((event) => ({ ...event, data: { ...event.data, by } }) as DeviceEvent);
  }
  if (!known || decommissioned) {
    throw new CommandRejectedError("device-unknown", "There is no such ATM in service");
  }
  if (alarms.reported) {
    throw new CommandRejectedError("alarm-open", `An alarm "reported" is open already`);
  }
  const severity = data.severity as Severity;
  const message = String(data.message);
  return [{
    type: "AlarmRaised",
    data: { reason: "reported", severity, message, by },
    occurredAt: at,
  }];
}
