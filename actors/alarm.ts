/**
 * The basic alarms: a device is out of service, reports an error, or is silent. An ATM has more
 * (`atm_alerts.ts`).
 *
 * One alarm per device and reason is open at a time, by construction: it is raised only where none
 * is open, and the open ones are part of the actor's state.
 */
import type { AlarmReason, DeviceEvent, Severity } from "../events/device.ts";
import { formatInstant } from "../events/instant.ts";

export interface OpenAlarm {
  readonly raisedAt: number;
  readonly severity: Severity;
  acknowledged: boolean;
  /** When the alert began that it goes on with, ISO 8601; absent where it is one of its own. */
  readonly alert?: string;
}

export type OpenAlarms = Partial<Record<AlarmReason, OpenAlarm>>;

/** What a status means for alarms; undefined where it means none. */
export interface StatusAlarm {
  readonly reason: AlarmReason;
  readonly severity: Severity;
  readonly message: string;
}

/** The reasons a status can give, and therefore take away. */
const STATUS_REASONS = ["offline", "error"] as const;
const NOTHING: readonly DeviceEvent[] = [];

/** Raises and clears so that exactly the status's own alarm is open. */
export function alarmsForStatus(
  open: OpenAlarms,
  wanted: StatusAlarm | undefined,
  at: number,
): readonly DeviceEvent[] {
  if (wanted === undefined && !open.offline && !open.error) return NOTHING; // Nearly always.
  const events: DeviceEvent[] = [];
  for (const reason of STATUS_REASONS) {
    if (reason !== wanted?.reason) events.push(...clearAlarm(open, reason, at));
  }
  if (wanted && !open[wanted.reason]) events.push(raiseAlarm(wanted, at));
  return events;
}

export function raiseAlarm({ reason, severity, message }: StatusAlarm, at: number): DeviceEvent {
  return { type: "AlarmRaised", data: { reason, severity, message }, occurredAt: at };
}

export function clearAlarm(open: OpenAlarms, reason: AlarmReason, at: number): DeviceEvent[] {
  const alarm = open[reason];
  if (!alarm) return [];
  const data = namesOf(reason, alarm);
  // What clears it may have been sent before it was raised; no alarm ends before it began.
  const occurredAt = Math.max(at, alarm.raisedAt);
  return [{ type: "AlarmCleared", data, occurredAt }];
}

/** What an event about an open alarm calls it. */
export function namesOf(
  reason: AlarmReason,
  { raisedAt, alert }: OpenAlarm,
): { reason: AlarmReason; raisedAt: string; alert?: string } {
  const names = { reason, raisedAt: formatInstant(raisedAt) };
  return alert === undefined ? names : { ...names, alert };
}

export function clearAll(open: OpenAlarms, at: number): DeviceEvent[] {
  return (Object.keys(open) as AlarmReason[]).flatMap((reason) => clearAlarm(open, reason, at));
}
