/**
 * What a machine's actor knows of how its bearings are to be judged: the machine's class, and the
 * geometry of each. And when a zone is left: hysteresis keeps a reading at a boundary from raising
 * and clearing its alarm all day.
 */
import { storable } from "../events/text.ts";
import type { Json } from "../events/vocabulary.ts";
import type { Circumstances } from "../models/waveforms/reading.ts";
import { type MachineClass, type Zone, zoneAfter, zoneOf } from "../models/vibration/mod.ts";

/** So much of an axis' name tells it from the others. */
export const AXIS_NAME_MAX = 16;
const BETWEEN = "\n";

/**
 * The part a reading is about, for its status: an axis of a bearing. Each is in a zone of its own, and
 * the worst of them is the bearing's, as ISO 10816-1 takes the highest of a place's directions.
 */
export function statusPartOf({ bearingId, Axis_Id: axis }: Json): string {
  const bearing = typeof bearingId === "string" ? storable(bearingId) : "";
  return typeof axis === "string" && axis !== ""
    ? `${bearing}${BETWEEN}${axis.slice(0, AXIS_NAME_MAX)}`
    : bearing;
}

/** Plain JSON. */
export interface Plant {
  machineClass: MachineClass | null;
  /** Geometry by bearing, those described last at the end. */
  readonly geometries: [bearing: string, geometry: NonNullable<Circumstances["geometry"]>][];
}

/** A machine with more bearings is judged by those described last: the state has a bound. */
export const GEOMETRIES_MAX = 16;

export function unknownPlant(): Plant {
  return { machineClass: null, geometries: [] };
}

/** Learns from a description; other messages say nothing of this. Changes it in place. */
export function notePlant(plant: Plant, message: "registered" | "bearing", data: Json): void {
  if (message === "registered") {
    if (data.machineClass !== undefined) plant.machineClass = data.machineClass as MachineClass;
    return;
  }
  if (typeof data._id !== "string" || data.geometry === undefined) return;
  const known = plant.geometries.findIndex(([bearing]) => bearing === data._id);
  if (known >= 0) plant.geometries.splice(known, 1);
  if (data.geometry === null) return;
  const { balls, ballDiameter, pitchDiameter, contactAngle } = data
    .geometry as NonNullable<Circumstances["geometry"]>;
  const geometry = { balls, ballDiameter, pitchDiameter, contactAngle: contactAngle ?? 0 };
  plant.geometries.push([data._id, geometry]);
  if (plant.geometries.length > GEOMETRIES_MAX) plant.geometries.shift();
}

/** How readings of this bearing are to be judged. */
export function circumstancesOf(plant: Plant | undefined, bearing: string): Circumstances {
  const geometry = plant?.geometries.find(([name]) => name === bearing)?.[1];
  return { machineClass: plant?.machineClass, geometry };
}

/** The zone of a reading by its velocity; undefined where that, or the machine's class, is not known. */
export function zoneIn(plant: Plant | undefined, { velocity }: Json): Zone | undefined {
  const rms = (velocity as Json | null | undefined)?.rms;
  const machineClass = plant?.machineClass ?? undefined;
  if (typeof rms !== "number" || machineClass === undefined) return undefined;
  return zoneOf(rms, machineClass);
}

/**
 * The zone a bearing is in after a reading that came with a zone of its own: worse at once, better
 * only when clearly so. A status that somebody else has judged stays as it is.
 */
export function heldZone(
  plant: Plant | undefined,
  before: string | undefined,
  status: string,
  { zone, velocity }: Json,
): string {
  const rms = (velocity as Json | null | undefined)?.rms;
  const machineClass = plant?.machineClass ?? undefined;
  if (typeof zone !== "string" || typeof rms !== "number") return status;
  if (machineClass === undefined) return status;
  return zoneAfter(before as Zone | undefined, rms, machineClass);
}
