/**
 * What every device's actor does the same way: registers, records, notices changes of status,
 * silence and return, keeps its alarms and its last 24 hours.
 *
 * What a kind adds is a small table of rules (`atm.ts`, `machine.ts` …). Facts from the device are
 * recorded or recognised as repeats, never refused; orders may be refused.
 */
import type { AlarmReason, DeviceEvent } from "../events/device.ts";
import type { Event, NewEvent } from "../events/event.ts";
import { formatInstant } from "../events/instant.ts";
import { forEachMeasure, observedStatus, worseOf } from "../events/measures.ts";
import type { Kind } from "../events/vocabulary.ts";
import { alarmsForStatus, type OpenAlarms, raiseAlarm, type StatusAlarm } from "./alarm.ts";
import { clearAlarm } from "./alarm.ts";
import { decideCommand } from "./command.ts";
import type { Decider, MessageInput, TickInput } from "./decider.ts";
import { addValue, emptyRolling, type Rolling } from "./rolling.ts";
import { learnInterval, silenceTimeoutMs } from "./silence.ts";

export interface DeviceState {
  /** Whether it was ever registered, by its first message or by an order. */
  known: boolean;
  /** Whether an order put it into the registry. */
  registered: boolean;
  decommissioned: boolean;
  /** Our clock at its last report; null before the first. Epoch ms, as all moments here. */
  lastSeenAt: number | null;
  /** The newest moment it reported by its own clock, never ahead of ours. */
  lastAt: number | null;
  status: string | null;
  statusAt: number | null;
  silentSince: number | null;
  /** The usual time between two reports, learned; null until then. */
  intervalMs: number | null;
  intervalsSeen: number;
  /** As configured; null for three times the usual interval. */
  silenceTimeoutSeconds: number | null;
  /** Ids of the latest messages that had one, oldest first. */
  recentIds: string[];
  /** Moments that identify the latest reports of kinds that have one report a moment. */
  recentMoments: number[];
  alarms: OpenAlarms;
  rolling: Rolling;
}

/** What one kind of device adds. */
export interface DeviceRules {
  readonly kind: Kind;
  readonly stateVersion: number;
  /** The type of event each message is recorded as. */
  readonly records: Readonly<Record<string, string>>;
  statusAlarm(status: string): StatusAlarm | undefined;
  /** Whether two reports of the same moment (and status) are the same report. */
  readonly oneReportAMoment: boolean;
}

/** How many messages back a repeat is recognised. */
export const RECENT_IDS = 64;
export const RECENT_MOMENTS = 256;

export function deviceDecider(rules: DeviceRules): Decider<DeviceState> {
  return {
    kind: rules.kind,
    stateVersion: rules.stateVersion,
    initial,
    decide(state, input) {
      switch (input.type) {
        case "Message":
          return isRepeat(rules, state, input) ? [] : decideMessage(rules, state, input);
        case "Command":
          return isKnownId(state, input.messageId) ? [] : decideCommand(rules.kind, state, input);
        case "Tick":
          return decideTick(state, input);
      }
    },
    evolve: (state, event) => evolve(rules, state, event),
    nextDeadline(state) {
      const { lastSeenAt, silentSince, decommissioned } = state;
      if (lastSeenAt === null || silentSince !== null || decommissioned) return Infinity;
      return lastSeenAt + silenceTimeoutMs(state);
    },
  };
}

function initial(): DeviceState {
  return {
    known: false,
    registered: false,
    decommissioned: false,
    lastSeenAt: null,
    lastAt: null,
    status: null,
    statusAt: null,
    silentSince: null,
    intervalMs: null,
    intervalsSeen: 0,
    silenceTimeoutSeconds: null,
    recentIds: [],
    recentMoments: [],
    alarms: {},
    rolling: emptyRolling(),
  };
}

function isKnownId(state: DeviceState, messageId: string | undefined): boolean {
  return messageId !== undefined && state.recentIds.includes(messageId);
}

function isRepeat(rules: DeviceRules, state: DeviceState, input: MessageInput): boolean {
  if (isKnownId(state, input.messageId)) return true;
  // A moment later than every other cannot be among them: the usual case costs nothing.
  if (!rules.oneReportAMoment || state.lastAt === null || input.at > state.lastAt) return false;
  const moment = momentOf(rules, typeOf(rules, input), input.data.status, input.at);
  return moment !== undefined && state.recentMoments.includes(moment);
}

function typeOf(rules: DeviceRules, { message }: MessageInput): string {
  const type = rules.records[message];
  if (type === undefined) throw new Error(`No rule for a ${rules.kind}'s message "${message}"`);
  return type;
}

/** The number that names a report by its moment: one number per status where statuses differ. */
function momentOf(
  rules: DeviceRules,
  type: string,
  status: unknown,
  at: number,
): number | undefined {
  if (!rules.oneReportAMoment) return undefined;
  if (type === "TelemetryReported") return at;
  if (type === "PollReported") return status === "inactive" ? -at : at;
  return undefined;
}

function decideMessage(
  rules: DeviceRules,
  state: DeviceState,
  input: MessageInput,
): readonly NewEvent[] {
  const report: NewEvent = {
    type: typeOf(rules, input),
    data: input.data,
    text: input.text,
    occurredAt: input.at,
  };
  const changes = changesAfter(rules, state, report, input.now);
  if (state.known) return changes.length === 0 ? [report] : [report, ...changes];
  const { id, at } = input;
  const registered: DeviceEvent = {
    type: "DeviceRegistered",
    data: { kind: rules.kind, id },
    occurredAt: at,
  };
  return [registered, report, ...changes];
}

/** What a report changes beyond being recorded: silence ends, the status and its alarms move. */
function changesAfter(
  rules: DeviceRules,
  state: DeviceState,
  report: NewEvent,
  now: number,
): readonly NewEvent[] {
  const seen = observedStatus(report);
  const back = state.silentSince !== null;
  const at = Math.min(report.occurredAt, now);
  const changes = seen !== undefined && statusMoves(rules.kind, state, seen, at);
  if (!back && !changes) return NOTHING;

  const events: DeviceEvent[] = back ? [...comeBack(state, now)] : [];
  if (changes) {
    events.push({ type: "StatusChanged", data: { from: state.status, to: seen }, occurredAt: at });
    if (!state.decommissioned) {
      events.push(...alarmsForStatus(state.alarms, rules.statusAlarm(seen), at));
    }
  }
  return events;
}

const NOTHING: readonly NewEvent[] = [];

/** Late reports are facts, but do not change what is true now; at one instant the worse counts. */
function statusMoves(kind: Kind, state: DeviceState, seen: string, at: number): boolean {
  if (seen === state.status) return false;
  if (state.status === null || state.statusAt === null || at > state.statusAt) return true;
  return at === state.statusAt && worseOf(kind, seen, state.status) === seen;
}

function comeBack(state: DeviceState, now: number): readonly DeviceEvent[] {
  const silentSince = state.silentSince ?? now;
  return [
    {
      type: "DeviceReturned",
      data: {
        silentSince: formatInstant(silentSince),
        silentSeconds: Math.round((now - silentSince) / 1000),
      },
      occurredAt: now,
    },
    ...clearAlarm(state.alarms, "silent", now),
  ];
}

/** Silence counts from the last report, or from when we began to listen, whichever is later. */
function decideTick(state: DeviceState, { now, listeningSince }: TickInput): readonly NewEvent[] {
  const { lastSeenAt, silentSince, decommissioned } = state;
  if (lastSeenAt === null || silentSince !== null || decommissioned) return NOTHING;
  const timeoutMs = silenceTimeoutMs(state);
  if (now - Math.max(lastSeenAt, listeningSince) < timeoutMs) return NOTHING;

  const timeoutSeconds = Math.round(timeoutMs / 1000);
  const fell: DeviceEvent = {
    type: "DeviceFellSilent",
    data: { since: formatInstant(lastSeenAt), timeoutSeconds },
    occurredAt: now,
  };
  if (state.alarms.silent) return [fell];
  const message = `No message since ${
    formatInstant(lastSeenAt)
  }; one was due within ${timeoutSeconds} s`;
  return [fell, raiseAlarm({ reason: "silent", severity: "medium", message }, now)];
}

function evolve(rules: DeviceRules, state: DeviceState, event: Event): DeviceState {
  if (event.messageId !== undefined) remember(state.recentIds, event.messageId, RECENT_IDS);
  switch (event.type) {
    case "DeviceRegistered":
      state.known = true;
      return state;
    case "DeviceDescribed":
      state.known = true;
      state.registered = true;
      return state;
    case "StatusChanged":
      state.status = String(event.data.to);
      state.statusAt = event.occurredAt;
      return state;
    case "DeviceFellSilent":
      state.silentSince = state.lastSeenAt ?? event.recordedAt;
      return state;
    case "DeviceReturned":
      state.silentSince = null;
      return state;
    case "AlarmRaised":
      state.alarms[event.data.reason as AlarmReason] = {
        raisedAt: event.occurredAt,
        severity: event.data.severity as StatusAlarm["severity"],
        acknowledged: false,
      };
      return state;
    case "AlarmCleared":
      delete state.alarms[event.data.reason as AlarmReason];
      return state;
    case "AlarmAcknowledged": {
      const alarm = state.alarms[event.data.reason as AlarmReason];
      if (alarm) alarm.acknowledged = true;
      return state;
    }
    case "SilenceConfigured": {
      const seconds = event.data.timeoutSeconds;
      state.silenceTimeoutSeconds = typeof seconds === "number" ? seconds : null;
      return state;
    }
    case "DeviceDecommissioned":
      state.decommissioned = true;
      state.silentSince = null;
      return state;
    case "DeviceRecommissioned":
      state.decommissioned = false;
      return state;
    case "CommandRejected":
      return state;
    default:
      return report(rules, state, event);
  }
}

/** A report of the device itself: seen now, and its measures join the last 24 hours. */
function report(rules: DeviceRules, state: DeviceState, event: Event): DeviceState {
  const { occurredAt, recordedAt } = event;
  const at = Math.min(occurredAt, recordedAt);
  learnInterval(state, at);
  state.lastSeenAt = recordedAt;
  state.lastAt = state.lastAt === null ? at : Math.max(state.lastAt, at);
  // The same status again moves the moment from which on a change is not late.
  if (state.statusAt !== null && at > state.statusAt && observedStatus(event) === state.status) {
    state.statusAt = at;
  }
  const moment = momentOf(rules, event.type, event.data.status, occurredAt);
  if (moment !== undefined) remember(state.recentMoments, moment, RECENT_MOMENTS);
  forEachMeasure(event, (name, value) => addValue(state.rolling, name, at, value));
  return state;
}

function remember<T>(recent: T[], value: T, most: number): void {
  recent.push(value);
  if (recent.length > most) recent.shift();
}
