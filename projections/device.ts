/** One device, as the sum of what was reported and decided about it. */
import type { RecordedEvent } from "../events/event.ts";
import { formatInstant } from "../events/instant.ts";
import { forEachMeasure } from "../events/measures.ts";
import { pollsOf } from "../events/store.ts";
import { deviceOf, type Json } from "../events/vocabulary.ts";
import { storable } from "../events/text.ts";
import { REPORTS } from "./reports.ts";

/** More than any machine has; one that invents bearings must not grow its row for ever. */
const BEARINGS_MAX = 100;

/** Moments are epoch milliseconds. */
export interface Device {
  readonly kind: string;
  readonly id: string;
  name: string | null;
  region: string | null;
  location: string | null;
  registryStatus: string | null;
  /** Whatever else it was described with. */
  attributes: Json;
  /** As it last reported itself; null before its first report. */
  status: string | null;
  statusSince: number | null;
  /** We expected to hear from it and did not. */
  silent: boolean;
  /** As somebody configured it; null where it is learned. */
  silenceTimeoutSeconds: number | null;
  /** When we first and last heard from it, by our clock. */
  firstSeenAt: number;
  lastSeenAt: number | null;
  /** The newest moment it reported, by its own clock. */
  lastAt: number | null;
  reports: number;
  /** The newest report's own fields, waveforms left out; a late report does not replace it. */
  latest: Json | null;
  openAlarms: number;
  decommissioned: boolean;
}

/** With the numbers of the newest report beside it, by which fleets are averaged. */
export interface DeviceRow extends Device {
  /** As they were stored; out of date once `latestType` is known. */
  measures: Measures;
  /** Of `latest`, where that came since the row was loaded. */
  latestType?: string | undefined;
}

/** Numbers and what they are called, of the same places. */
export interface Measures {
  readonly names: readonly string[];
  readonly values: readonly number[];
}

const NO_MEASURES: Measures = { names: [], values: [] };

/** A device reports many times between two looks at its numbers, so they are only then picked out. */
export function measuresOf({ measures, latestType, latest }: DeviceRow): Measures {
  if (latestType === undefined || latest === null) return measures;
  const names: string[] = [];
  const values: number[] = [];
  forEachMeasure({ type: latestType, data: latest }, (name, value) => {
    names.push(storable(name));
    values.push(value);
  });
  return { names, values };
}

/** The device after this event. Changes the given one in place. */
export function foldDevice(
  row: DeviceRow | undefined,
  event: RecordedEvent,
  stream: string,
): DeviceRow {
  const device = row ?? unknownDevice(stream, event.recordedAt);
  if (event.type === "PollsReported") reportPolls(device, event);
  else if (REPORTS.has(event.type)) report(device, event);
  else change(device, event);
  return device;
}

function unknownDevice(stream: string, firstSeenAt: number): DeviceRow {
  return {
    ...deviceOf(stream),
    name: null,
    region: null,
    location: null,
    registryStatus: null,
    attributes: {},
    status: null,
    statusSince: null,
    silent: false,
    silenceTimeoutSeconds: null,
    firstSeenAt,
    lastSeenAt: null,
    lastAt: null,
    reports: 0,
    latest: null,
    measures: NO_MEASURES,
    latestType: undefined,
    openAlarms: 0,
    decommissioned: false,
  };
}

function report(device: DeviceRow, event: RecordedEvent): void {
  device.reports++;
  device.lastSeenAt = event.recordedAt;
  if (device.lastAt !== null && event.occurredAt < device.lastAt) return;
  device.lastAt = event.occurredAt;
  device.latest = withoutWaveform(event.data);
  if (typeof event.data.location === "string") device.location = storable(event.data.location);
  device.latestType = event.type;
  device.measures = NO_MEASURES;
}

/** The newest of them is what the device shows, in the shape in which it would have come alone. */
function reportPolls(device: DeviceRow, { data, recordedAt }: RecordedEvent): void {
  const polls = pollsOf(data);
  device.reports += polls.length;
  device.lastSeenAt = recordedAt;
  const newest = polls.at(-1);
  if (newest === undefined || newest.at < (device.lastAt ?? -Infinity)) return;
  device.lastAt = newest.at;
  device.latest = { timestamp: formatInstant(newest.at), status: newest.status };
}

/** A quarter of a megabyte that nobody asks a list of devices for; the log keeps it. */
function withoutWaveform(data: Json): Json {
  if (!("rawData" in data || "fftData" in data)) return data;
  const { rawData: _samples, fftData: _spectrum, ...fields } = data;
  return fields;
}

function change(device: DeviceRow, { type, data, occurredAt }: RecordedEvent): void {
  switch (type) {
    case "DeviceDescribed":
      return describe(device, data);
    case "MachineDescribed":
      return describe(device, { ...data, name: data.machineName });
    case "BearingDescribed":
      return describe(device, { bearings: withBearing(device, data) });
    case "ScheduleSet":
      return describe(device, { schedule: { ...device.attributes.schedule as Json, ...data } });
    case "StatusChanged":
      device.status = storable(String(data.to));
      device.statusSince = occurredAt;
      return;
    case "DeviceFellSilent":
      device.silent = true;
      return;
    case "DeviceReturned":
      device.silent = false;
      return;
    case "SilenceConfigured":
      device.silenceTimeoutSeconds = data.timeoutSeconds as number | null;
      return;
    case "AlarmRaised":
      device.openAlarms++;
      return;
    case "AlarmCleared":
      device.openAlarms--;
      return;
    case "DeviceDecommissioned":
      device.decommissioned = true;
      return;
    case "DeviceRecommissioned":
      device.decommissioned = false;
      return;
  }
}

function withBearing(device: DeviceRow, bearing: Json): Json {
  const bearings = (device.attributes.bearings ?? {}) as Json;
  const id = String(bearing._id);
  const full = !Object.hasOwn(bearings, id) && Object.keys(bearings).length >= BEARINGS_MAX;
  return full ? bearings : { ...bearings, [id]: bearing };
}

/** Merges: what is not mentioned stays as it was. */
function describe(device: DeviceRow, description: Json): void {
  const { name, region, location, registryStatus, ...attributes } = description;
  if (name !== undefined) device.name = textOrNull(name);
  if (region !== undefined) device.region = textOrNull(region);
  if (location !== undefined) device.location = textOrNull(location);
  if (registryStatus !== undefined) device.registryStatus = textOrNull(registryStatus);
  const given = Object.entries(attributes).filter(([, value]) => value !== undefined);
  device.attributes = { ...device.attributes, ...Object.fromEntries(given) };
}

function textOrNull(value: unknown): string | null {
  return value === null ? null : storable(String(value));
}
