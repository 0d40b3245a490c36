/**
 * Zones of vibration severity: A good, B acceptable, C for a limited time, D damaging.
 *
 * Boundaries of velocity RMS, 10 to 1,000 Hz, by machine class: ISO 10816-1 annex B (ISO 2372),
 * which ISO 20816 carries on: I small machines up to 15 kW, II medium ones to 75 kW, III large on
 * rigid and IV large on soft foundations. From boundary to boundary the velocity grows by about 2.5.
 */
import { MACHINE_CLASSES, MACHINE_STATUSES } from "../../events/machine.ts";

export type MachineClass = (typeof MACHINE_CLASSES)[number];
/** Zones A, B, C and D by the names machines use. */
export type Zone = (typeof MACHINE_STATUSES)[number];

/** mm/s, RMS: where B, C and D begin. */
export const ZONE_BOUNDARIES: Readonly<Record<MachineClass, readonly [number, number, number]>> = {
  I: [0.71, 1.8, 4.5],
  II: [1.12, 2.8, 7.1],
  III: [1.8, 4.5, 11.2],
  IV: [2.8, 7.1, 18],
};

/** A zone is left for a better one only clearly below its boundary. */
const HYSTERESIS = 0.9;

/** A boundary belongs to the zone below it. */
export function zoneOf(velocityRmsMmPerS: number, machineClass: MachineClass): Zone {
  const passed = ZONE_BOUNDARIES[machineClass].filter((limit) => velocityRmsMmPerS > limit).length;
  return MACHINE_STATUSES[passed] as Zone;
}

/** The zone after one more reading: worse at once, better only where it is so by a tenth. */
export function zoneAfter(
  previous: Zone | undefined,
  velocityRmsMmPerS: number,
  machineClass: MachineClass,
): Zone {
  const reached = zoneOf(velocityRmsMmPerS, machineClass);
  if (previous === undefined) return reached;
  const held = zoneOf(velocityRmsMmPerS / HYSTERESIS, machineClass);
  const rank = (zone: Zone) => MACHINE_STATUSES.indexOf(zone);
  return MACHINE_STATUSES[Math.max(rank(reached), Math.min(rank(previous), rank(held)))] as Zone;
}
