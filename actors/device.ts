/**
 * What every device's actor does the same way: registers, records, notices changes of status,
 * silence and return, keeps its alarms and its last 24 hours.
 *
 * What a kind adds is a small table of rules (`atm.ts`, `machine.ts` …). Facts from the device are
 * recorded or recognised as repeats, never refused; orders may be refused.
 */
import type { AlarmReason, DeviceEvent } from "../events/device.ts";
import type { Event, NewEvent } from "../events/event.ts";
import { forEachMeasure, observedStatus } from "../events/measures.ts";
import type { Json, Kind } from "../events/vocabulary.ts";
import { alarmsForStatus, type StatusAlarm } from "./alarm.ts";
import { decideCommand } from "./command.ts";
import type { Decider, MessageInput } from "./decider.ts";
import { noteMaintenance } from "./maintenance.ts";
import { noteModel } from "./models.ts";
import * as repeats from "./repeats.ts";
import type { DeviceState } from "./state.ts";
import { addValue, emptyRolling } from "./rolling.ts";
import { noteFit } from "./series.ts";
import { comeBack, decideTick, learnInterval, silenceDeadline } from "./silence.ts";
import { noteStatus, type Observed, partIn, statusAfter } from "./status.ts";
import * as together from "./together.ts";

/** What one kind of device adds. */
export interface DeviceRules {
  readonly kind: Kind;
  readonly stateVersion: number;
  /** The type of event each message is recorded as. */
  readonly records: Readonly<Record<string, string>>;
  /** The alarm a status means; `report` is what it was last told by. */
  statusAlarm?(status: string, report: Json): StatusAlarm | undefined;
  /** What follows for its alarms from its newest report, where it is not the status alone. */
  alarmsForReport?(
    state: DeviceState,
    told: { readonly report: Json; readonly status: string; readonly at: number },
  ): readonly DeviceEvent[];
  /** What an event reports of many moments, in their order; undefined where of one or none. */
  togetherOf?(event: Pick<Event, "type" | "data">): readonly together.Report[] | undefined;
  /** So many measures are aggregated over the last day, where it is fewer than usual. */
  readonly measuresMax?: number;
  /** The part a report is about, where the device reports part by part. */
  partOf?(report: Json): string;
  /** The status a part is in after a report of this one, where what it was in before counts. */
  heldStatus?(
    state: DeviceState,
    before: string | undefined,
    status: string,
    report: Json,
  ): string;
}

export function deviceDecider(rules: DeviceRules): Decider<DeviceState> {
  return {
    kind: rules.kind,
    stateVersion: rules.stateVersion,
    initial,
    decide(state, input) {
      if (input.type === "Tick") return decideTick(state, input);
      if (repeats.isKnownId(state, input.messageId)) return [];
      if (input.type === "Command") return decideCommand(rules.kind, state, input);
      return decideMessage(rules, state, input);
    },
    evolve: (state, event) => evolve(rules, state, event),
    nextDeadline: silenceDeadline,
  };
}

function initial(): DeviceState {
  return {
    known: false,
    registered: false,
    decommissioned: false,
    lastSeenAt: null,
    lastAt: null,
    watchedSince: null,
    silentSince: null,
    silenceTimeoutSeconds: null,
    intervalMs: null,
    intervalsSeen: 0,
    status: null,
    statusSince: null,
    parts: [],
    alarms: {},
    recentIds: [],
    recentMoments: [],
    rolling: emptyRolling(),
  };
}

function decideMessage(
  rules: DeviceRules,
  state: DeviceState,
  { id, message, data, text, at, now }: MessageInput,
): readonly NewEvent[] {
  const type = rules.records[message];
  if (type === undefined) throw new Error(`No rule for a ${rules.kind}'s message "${message}"`);
  const record: NewEvent = { type, data, text, occurredAt: at };
  const reports = rules.togetherOf?.(record);
  const status = reports?.at(-1)?.status ?? observedStatus(record);
  const known = reports !== undefined
    ? together.areAllKnown(rules.kind, state, reports)
    : status !== undefined &&
      repeats.isKnownMoment(state, repeats.momentOf(rules.kind, status, at));
  if (known) return [];

  const events: NewEvent[] = [record];
  if (!state.known) {
    events.unshift({
      type: "DeviceRegistered",
      data: { kind: rules.kind, id },
      occurredAt: at,
    });
  }
  if (status !== undefined) {
    if (state.silentSince !== null) events.push(...comeBack(state, now));
    const observed = reports !== undefined
      ? together.newestTurn(rules.kind, state, reports, now)
      : observe(rules, state, data, status, Math.min(at, now));
    if (observed !== undefined) events.push(...followStatus(rules, state, observed, data));
  }
  return events;
}

function observe(
  { partOf, heldStatus }: DeviceRules,
  state: DeviceState,
  report: Json,
  status: string,
  at: number,
): Observed {
  const part = partOf?.(report) ?? "";
  if (heldStatus === undefined) return { part, status, at };
  const before = partIn(state.parts, part)?.status;
  return { part, status: heldStatus(state, before, status, report), at };
}

const NOTHING: readonly DeviceEvent[] = [];

/** The status moves, and its alarms with it, unless the report comes too late for that. */
function followStatus(
  { kind, statusAlarm, alarmsForReport }: DeviceRules,
  state: DeviceState,
  observed: Observed,
  report: Json,
): readonly DeviceEvent[] {
  const status = statusAfter(kind, state.parts, observed);
  if (status === undefined) return NOTHING;
  const wanted = state.decommissioned ? undefined : statusAlarm?.(status, report);
  // A part may report from before the change another part has made; then it is news now.
  const at = Math.max(observed.at, state.statusSince ?? observed.at);
  const alarms = alarmsForReport === undefined
    ? alarmsForStatus(state.alarms, wanted, at)
    : state.decommissioned
    ? NOTHING
    : alarmsForReport(state, { report, status, at });
  if (status === state.status) return alarms;
  const data = { from: state.status, to: status };
  return [{ type: "StatusChanged", data, occurredAt: at }, ...alarms];
}

function evolve(rules: DeviceRules, state: DeviceState, event: Event): DeviceState {
  repeats.noteId(state, event.messageId);
  const { type, data } = event;
  switch (type) {
    case "DeviceRegistered":
      state.known = true;
      break;
    case "DeviceDescribed":
      state.known = true;
      state.registered = true;
      break;
    case "StatusChanged":
      state.status = String(data.to);
      state.statusSince = event.occurredAt;
      break;
    case "DeviceFellSilent":
      state.silentSince = state.lastSeenAt ?? event.recordedAt;
      break;
    case "DeviceReturned":
      state.silentSince = null;
      break;
    case "AlarmRaised":
      state.alarms[data.reason as AlarmReason] = {
        raisedAt: event.occurredAt,
        severity: data.severity as StatusAlarm["severity"],
        acknowledged: false,
        ...(typeof data.alert === "string" ? { alert: data.alert } : {}),
      };
      break;
    case "AlarmCleared":
      delete state.alarms[data.reason as AlarmReason];
      break;
    case "AlarmAcknowledged": {
      const alarm = state.alarms[data.reason as AlarmReason];
      if (alarm) alarm.acknowledged = true;
      break;
    }
    case "SilenceConfigured":
      state.silenceTimeoutSeconds = typeof data.timeoutSeconds === "number"
        ? data.timeoutSeconds
        : null;
      break;
    case "SeriesModelFitted":
      noteFit(state, event);
      break;
    case "ModelTrained":
    case "ModelPromoted":
      noteModel(state, event);
      break;
    case "MaintenanceDone":
    case "MaintenanceCancelled":
      noteMaintenance(state, event);
      break;
    case "DeviceDecommissioned":
      state.decommissioned = true;
      break;
    case "DeviceRecommissioned":
      state.decommissioned = false;
      state.watchedSince = event.recordedAt;
      break;
    default: {
      const reports = rules.togetherOf?.(event);
      if (reports !== undefined) {
        together.takeTogether(rules.kind, state, reports, event.recordedAt);
      }
      const status = observedStatus(event);
      if (status !== undefined) takeReport(rules, state, event, status);
    }
  }
  return state;
}

/** A report of the device itself: seen now, and its measures join the last 24 hours. */
function takeReport(rules: DeviceRules, state: DeviceState, event: Event, status: string): void {
  const { data, occurredAt, recordedAt } = event;
  // A clock ahead of ours must not make everything that follows late.
  const at = Math.min(occurredAt, recordedAt);
  learnInterval(state, at);
  state.lastSeenAt = recordedAt;
  state.lastAt = state.lastAt === null ? at : Math.max(state.lastAt, at);
  noteStatus(rules.kind, state, observe(rules, state, data, status, at));
  repeats.noteMoment(state, repeats.momentOf(rules.kind, status, occurredAt));
  forEachMeasure(
    event,
    (name, value) => addValue(state.rolling, name, at, value, rules.measuresMax),
  );
}
