/** Machines, bearings and readings as the plant's users know them; and their way to say when. */
import { z } from "@hono/zod-openapi";
import { DAY_MS, formatInstant } from "../../events/instant.ts";
import { MACHINE_STATUSES } from "../../events/machine.ts";
import { deviceOf, type Json } from "../../events/vocabulary.ts";
import type { Bearing } from "../../projections/bearings.ts";
import type { Machine } from "../../projections/machines.ts";
import { nameOf, type Vibration } from "../../projections/vibration.ts";
import { invalid } from "../problem.ts";
import { Fields, Instant, parseInQuery } from "../schemas.ts";
import { SpectrumJson } from "../spectra.ts";

export const StatusSchema = z.enum(MACHINE_STATUSES).openapi("MachineStatus");

const anyText = z.string().nullable();
const anyNumber = z.number().nullable();

export const MachineJson = z.object({
  _id: z.string(),
  machineName: anyText,
  customer: anyText,
  area: anyText,
  subarea: anyText,
  machineType: anyText,
  machineClass: anyText,
  status: anyText.openapi({ description: "As its worst bearing is now; null before it is known." }),
  ingestedDate: Instant,
}).openapi("Machine");

export function machineJson(machine: Machine): z.infer<typeof MachineJson> {
  return {
    _id: machine.id,
    machineName: machine.name,
    customer: machine.customer,
    area: machine.area,
    subarea: machine.subarea,
    machineType: machine.type,
    machineClass: machine.machineClass,
    status: machine.status,
    ingestedDate: formatInstant(machine.ingestedAt),
  };
}

export const BearingJson = z.object({
  _id: z.string(),
  machineId: z.string(),
  bearingLocation: anyText,
  bearingType: anyText,
  position: anyText,
  status: anyText.openapi({ description: "Of its newest reading; before that as described." }),
  geometry: Fields.nullable(),
}).openapi("Bearing");

export function bearingJson(
  { stream, bearing, description, status }: Bearing,
): z.infer<typeof BearingJson> {
  const text = (field: string) => textOrNull(description?.[field]);
  return {
    _id: bearing,
    machineId: deviceOf(stream).id,
    bearingLocation: text("bearingLocation"),
    bearingType: text("bearingType"),
    position: text("position"),
    status: status ?? text("status"),
    geometry: (description?.geometry ?? null) as Json | null,
  };
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

export const ReadingJson = z.object({
  _id: z.string(),
  machineId: z.string(),
  bearingId: anyText,
  timestamp: Instant,
  status: anyText,
  Axis_Id: anyText,
  acceleration: z.object({
    rms: anyNumber,
    peak: anyNumber,
    crestFactor: anyNumber,
    kurtosis: anyNumber,
  }).nullable(),
  velocity: z.object({ rms: anyNumber, peak: anyNumber, crestFactor: anyNumber }).nullable(),
  temperature: anyNumber,
  fftData: z.union([SpectrumJson, z.object({ dominantFrequency: anyNumber })]).nullable(),
  fault: Fields.nullable()
    .openapi({ description: "What is wrong with the bearing; null where that cannot be told." }),
}).openapi("MachineReading");

/** Without its spectrum. */
export function readingJson(row: Vibration): z.infer<typeof ReadingJson> {
  return {
    _id: nameOf(row),
    machineId: deviceOf(row.stream).id,
    bearingId: row.bearing || null,
    timestamp: formatInstant(row.at),
    status: row.status,
    Axis_Id: row.axis,
    acceleration: orNull({
      rms: row.acceleration_rms,
      peak: row.acceleration_peak,
      crestFactor: row.acceleration_crest,
      kurtosis: row.acceleration_kurtosis,
    }),
    velocity: orNull({
      rms: row.velocity_rms,
      peak: row.velocity_peak,
      crestFactor: row.velocity_crest,
    }),
    temperature: row.temperature,
    fftData: orNull({ dominantFrequency: row.dominant_hz }),
    fault: row.fault,
  };
}

/** A group of which nothing was said is none. */
function orNull<Group extends Record<string, number | null>>(group: Group): Group | null {
  return Object.values(group).every((value) => value === null) ? null : group;
}

/** `to` lies just behind the last moment that is meant: moments are told apart to a microsecond. */
const INSTANT_MS = 0.001;
/** Nothing is measured as late; a year of five digits has no place in PostgreSQL's dates. */
const LATEST = Date.UTC(9999, 11, 31, 23);
const DATE = /^\d{4}-\d\d-\d\d$/;

const dateField = z.string().optional().openapi({
  description: "A date, of which all is meant, or an ISO 8601 instant; UTC.",
  example: "2026-01-31",
});

/** Both ends are meant to be in it. */
export const SpanQuery = z.object({ start_date: dateField, end_date: dateField });

/** [from, to), epoch ms. Throws ProblemError. */
export function spanOf(
  { start_date: start, end_date: end }: z.infer<typeof SpanQuery>,
): { from: number | undefined; to: number | undefined } {
  const from = start === undefined ? undefined : momentOf("start_date", start);
  const last = end === undefined ? undefined : momentOf("end_date", end);
  const to = last === undefined ? undefined : last + (DATE.test(end ?? "") ? DAY_MS : INSTANT_MS);
  if (from !== undefined && to !== undefined && from >= to) {
    throw invalid("query", "start_date", "expected a date that is not after `end_date`");
  }
  return { from: from && Math.min(from, LATEST), to: to && Math.min(to, LATEST) };
}

function momentOf(name: string, text: string): number {
  const moment = parseInQuery(text);
  if (moment !== undefined) return moment;
  throw invalid("query", name, "expected a date such as 2026-01-31, or an ISO 8601 instant");
}
