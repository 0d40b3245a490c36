/**
 * How long a device may say nothing before that says something.
 *
 * The usual interval is learned from the device's own clock, not from when messages reach us: a
 * thousand imported readings that arrive in a second were still taken an hour apart.
 */
import type { DeviceEvent } from "../events/device.ts";
import type { NewEvent } from "../events/event.ts";
import { formatInstant } from "../events/instant.ts";
import { clearAlarm, type OpenAlarms, raiseAlarm } from "./alarm.ts";
import type { TickInput } from "./decider.ts";

/** What silence depends on. Moments are epoch ms. */
export interface Listening {
  /** Our clock at its last report; null before the first. */
  lastSeenAt: number | null;
  /** When it was put back into service: silence before that was meant. */
  watchedSince: number | null;
  /** The last report before it fell silent; null while it is not. */
  silentSince: number | null;
  decommissioned: boolean;
  /** The newest moment it reported by its own clock. */
  lastAt: number | null;
  /** The usual time between two reports, learned; null until then. */
  intervalMs: number | null;
  intervalsSeen: number;
  /** As configured; null for three times the usual interval. */
  silenceTimeoutSeconds: number | null;
  readonly alarms: OpenAlarms;
}

/** Silence is this many usual intervals without a message. */
const INTERVALS_MISSED = 3;
/** Fewer gaps than this say nothing about what is usual. */
const INTERVALS_NEEDED = 3;
/**
 * A long gap is believed at once, a short one slowly. Devices report in bursts (a machine's bearings
 * one after the other, an hour's readings together), and what is usual is the pause between bursts.
 * After an outage it takes about a hundred reports until the timeout is near the old one.
 */
const WEIGHT_OF_LONGER = 0.5;
const WEIGHT_OF_SHORTER = 0.03;

export const TIMEOUT_MIN_MS = 10_000;
export const TIMEOUT_MAX_MS = 24 * 3_600_000;
/** Until the usual interval is known: three times an hour, the slowest rhythm that is common. */
export const TIMEOUT_DEFAULT_MS = 3 * 3_600_000;

/** Takes a report's moment into account; one that is not newer than the last teaches nothing. */
export function learnInterval(listening: Listening, at: number): void {
  const { lastAt, intervalMs } = listening;
  if (lastAt === null || at <= lastAt) return;
  const gap = Math.min(at - lastAt, TIMEOUT_MAX_MS / INTERVALS_MISSED);
  if (intervalMs === null) {
    listening.intervalMs = gap;
  } else {
    const weight = gap > intervalMs ? WEIGHT_OF_LONGER : WEIGHT_OF_SHORTER;
    listening.intervalMs = intervalMs + weight * (gap - intervalMs);
  }
  listening.intervalsSeen = Math.min(listening.intervalsSeen + 1, INTERVALS_NEEDED);
}

export function silenceTimeoutMs(listening: Listening): number {
  const { silenceTimeoutSeconds, intervalMs, intervalsSeen } = listening;
  if (silenceTimeoutSeconds !== null) return silenceTimeoutSeconds * 1000;
  if (intervalMs === null || intervalsSeen < INTERVALS_NEEDED) return TIMEOUT_DEFAULT_MS;
  return Math.min(TIMEOUT_MAX_MS, Math.max(TIMEOUT_MIN_MS, INTERVALS_MISSED * intervalMs));
}

/** When silence is due to be noticed; Infinity where it has been, or nobody waits. */
export function silenceDeadline(listening: Listening): number {
  const { lastSeenAt, watchedSince, silentSince, decommissioned, alarms } = listening;
  if (lastSeenAt === null || decommissioned) return Infinity;
  if (silentSince !== null && alarms.silent) return Infinity;
  return Math.max(lastSeenAt, watchedSince ?? lastSeenAt) + silenceTimeoutMs(listening);
}

/** Silence counts from the last report, or from when we began to listen, whichever is later. */
export function decideTick(
  listening: Listening,
  { now, listeningSince }: TickInput,
): readonly NewEvent[] {
  const timeoutMs = silenceTimeoutMs(listening);
  const deadline = Math.max(silenceDeadline(listening), listeningSince + timeoutMs);
  const { lastSeenAt, silentSince } = listening;
  if (lastSeenAt === null || now < deadline) return [];

  const since = formatInstant(lastSeenAt);
  const timeoutSeconds = Math.round(timeoutMs / 1000);
  const message = `No message since ${since}; one was due within ${timeoutSeconds} s`;
  const raised = raiseAlarm({ reason: "silent", severity: "medium", message }, now);
  // It was silent when it was put back into service: known already, but alarming again.
  if (silentSince !== null) return [raised];
  return [
    { type: "DeviceFellSilent", data: { since, timeoutSeconds }, occurredAt: now },
    raised,
  ];
}

/** What a report ends, if the device was silent. Silence is measured by our clock, so it ends by it. */
export function comeBack({ silentSince, alarms }: Listening, now: number): readonly DeviceEvent[] {
  if (silentSince === null) return [];
  const silentSeconds = Math.round((now - silentSince) / 1000);
  return [
    {
      type: "DeviceReturned",
      data: { silentSince: formatInstant(silentSince), silentSeconds },
      occurredAt: now,
    },
    ...clearAlarm(alarms, "silent", now),
  ];
}
