/**
 * A machine with two bearings: vibration grows slowly through the zones of ISO 20816 until the
 * bearing is replaced.
 */
import { createIncidents } from "./incidents.ts";
import { createRandom } from "./random.ts";
import { daily, DAY_MS, HOUR_MS, round } from "./rhythm.ts";
import { numbered, type SimulatedDevice, type Utterance, type World } from "./device.ts";

const MACHINES = [
  { machineType: "Pump", area: "Utilities", subarea: "Cooling water" },
  { machineType: "Fan", area: "Utilities", subarea: "Ventilation" },
  { machineType: "Compressor", area: "Utilities", subarea: "Compressed air" },
  { machineType: "Conveyor", area: "Packaging", subarea: "Line 1" },
  { machineType: "Mixer", area: "Production", subarea: "Batching" },
] as const;
const CUSTOMERS = ["Northern Mills", "Harbour Foods", "Alpine Paper"] as const;

/** Zones A to D, and the velocity RMS in mm/s at which each begins in machine class II. */
const ZONES = ["Normal", "Satisfactory", "Alert", "Unacceptable"] as const;
const ZONE_BEGINS = [0, 1.12, 2.8, 7.1] as const;
/** A zone is left only when the vibration is clearly below it, or the noise would make it flap. */
const LEAVE_ZONE_BELOW = 0.85;

/** The rolling bearing 6205, millimetres and degrees. */
const GEOMETRY = { balls: 9, ballDiameter: 7.94, pitchDiameter: 39.04, contactAngle: 0 };

const SHAFT_HZ = 24.6;
const LIFE_MIN_MS = 20 * DAY_MS;
const LIFE_MAX_MS = 120 * DAY_MS;
const INCIDENTS = [
  { name: "silence", weight: 1, shortestMs: HOUR_MS, longestMs: 6 * HOUR_MS },
] as const;
const MEAN_BETWEEN_MS = 14 * DAY_MS;

interface Bearing {
  readonly id: string;
  readonly location: string;
  readonly position: string;
  readonly newVelocity: number;
  lifeMs: number;
  fittedAt: number;
}

interface Measured {
  readonly bearing: Bearing;
  /** 0 for new, 1 at the end of its life. */
  readonly worn: number;
  readonly velocityRms: number;
}

export function createMachine(world: World, index: number): SimulatedDevice {
  const id = numbered("MACHINE", index);
  const random = createRandom(`${world.seed} ${id}`);
  const incidents = createIncidents(random, {
    ...world,
    kinds: INCIDENTS,
    meanBetweenMs: MEAN_BETWEEN_MS,
  });
  const { machineType, area, subarea } = random.pick(MACHINES);
  const customer = random.pick(CUSTOMERS);
  let zone = 0;
  const bearings = [fit("DE", "Drive end"), fit("NDE", "Non-drive end")];

  function fit(position: string, location: string): Bearing {
    const lifeMs = random.between(LIFE_MIN_MS, LIFE_MAX_MS) / world.tempo;
    return {
      id: `${id}-${position}`,
      location,
      position,
      newVelocity: random.between(0.5, 0.95),
      lifeMs,
      // A fleet has bearings of every age.
      fittedAt: world.startAt - random.between(0, 0.95) * lifeMs,
    };
  }

  /** 0 when new; replaced when its life is over. */
  function wear(bearing: Bearing, at: number): number {
    if (at - bearing.fittedAt > bearing.lifeMs) {
      bearing.fittedAt = at;
      bearing.lifeMs = random.between(LIFE_MIN_MS, LIFE_MAX_MS) / world.tempo;
    }
    return ((at - bearing.fittedAt) / bearing.lifeMs) ** 3;
  }

  function report(at: number): readonly Utterance[] {
    if (incidents.during(at)) return [];
    const measured = bearings.map((bearing) => {
      const worn = wear(bearing, at);
      const velocityRms = bearing.newVelocity * Math.exp(2.6 * worn) * random.normal(1, 0.03);
      return { bearing, worn, velocityRms };
    });
    // The monitor rates the machine, by the worse of its bearings.
    zone = zoneAfter(zone, Math.max(...measured.map(({ velocityRms }) => velocityRms)));
    return measured.map((measurement) => reading(measurement, at));
  }

  function reading({ bearing, worn, velocityRms }: Measured, at: number): Utterance {
    // A damaged race knocks: peaks grow before the energy does, and sink in it at the end.
    const crest = random.normal(3.2 + 3 * Math.sin(Math.PI * Math.sqrt(worn)), 0.12);
    const accelerationRms = velocityRms * 0.11 * (1 + worn);
    return {
      message: "reading",
      data: {
        _id: `${bearing.id}-${Math.round(at)}`,
        machineId: id,
        bearingId: bearing.id,
        timestamp: new Date(at).toISOString(),
        status: ZONES[zone],
        Axis_Id: "H-Axis",
        rpm: 60 * SHAFT_HZ,
        acceleration: {
          rms: round(accelerationRms, 4),
          peak: round(accelerationRms * crest, 4),
          crestFactor: round(crest, 3),
          kurtosis: round(3 + (crest - 3.2) * 1.4 + random.normal(0, 0.08), 3),
        },
        velocity: {
          rms: round(velocityRms, 3),
          peak: round(velocityRms * (1.5 + 0.1 * crest), 3),
          crestFactor: round(1.5 + 0.1 * crest, 3),
        },
        temperature: round(random.normal(41 + 14 * worn + 3 * daily(at, 15), 0.3), 1),
        fftData: spectrum(velocityRms, worn),
      },
    };
  }

  return {
    kind: "machine",
    id,
    introduce: (at) => [
      {
        message: "registered",
        data: {
          _id: id,
          machineName: `${machineType} ${index + 1}`,
          customer,
          area,
          subarea,
          machineType,
          machineClass: "II",
          status: "Normal",
          ingestedDate: new Date(at).toISOString(),
        },
      },
      ...bearings.map((bearing) => ({
        message: "bearing",
        data: {
          _id: bearing.id,
          machineId: id,
          bearingLocation: bearing.location,
          bearingType: "6205",
          position: bearing.position,
          status: "Normal",
          geometry: GEOMETRY,
        },
      })),
    ],
    report,
  };
}

function zoneAfter(zone: number, velocityRms: number): number {
  const reached = ZONE_BEGINS.findLastIndex((begin) => velocityRms >= begin);
  const held = ZONE_BEGINS.findLastIndex((begin) => velocityRms >= begin * LEAVE_ZONE_BELOW);
  return Math.max(reached, Math.min(zone, held));
}

/** Lines at once and twice per turn, and at the outer race's frequency as it wears. */
function spectrum(velocityRms: number, worn: number): Record<string, unknown> {
  const outerRaceHz = GEOMETRY.balls / 2 *
    (1 - GEOMETRY.ballDiameter / GEOMETRY.pitchDiameter) * SHAFT_HZ;
  const lines = [
    [SHAFT_HZ, velocityRms],
    [2 * SHAFT_HZ, 0.3 * velocityRms],
    [outerRaceHz, 1.4 * worn * velocityRms],
  ] as const;
  const [strongest] = lines.toSorted((a, b) => b[1] - a[1]);
  return {
    frequencies: lines.map(([hz]) => round(hz, 2)),
    amplitudes: lines.map(([, amplitude]) => round(amplitude, 3)),
    dominantFrequency: round(strongest?.[0] ?? SHAFT_HZ, 2),
  };
}
