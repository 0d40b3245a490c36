/**
 * The fleet the benchmarks publish: seeded, cheap to make, shaped like the contracts' messages.
 * 40 % ATMs, 20 % machines, 20 % stores, 20 % sensors; each device reports once a second.
 */

export interface BenchMessage {
  readonly subject: string;
  readonly payload: string;
}

/** A small seeded generator (mulberry32): the same seed gives the same fleet. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Message `index` of the run: devices take turns, and time moves on by a step each round. */
export function messageAt(
  index: number,
  { devices, startAt, stepMs, random }: {
    devices: number;
    startAt: number;
    stepMs: number;
    random: () => number;
  },
): BenchMessage {
  const device = index % devices;
  const at = new Date(startAt + Math.floor(index / devices) * stepMs).toISOString();
  const id = String(device).padStart(5, "0");
  const value = (base: number, spread: number) =>
    Math.round((base + spread * random()) * 100) / 100;
  switch (device % 5) {
    case 0:
    case 1:
      return {
        subject: `devices.atm.ATM-${id}.telemetry`,
        payload: `{"atm_id":"ATM-${id}","timestamp":"${at}","status":"${
          random() < 0.002 ? "offline" : "online"
        }","uptime_seconds":${index},"cash_level_percent":${value(40, 50)},"temperature_celsius":${
          value(20, 8)
        },"cpu_usage_percent":${value(20, 40)},"memory_usage_percent":${
          value(40, 20)
        },"network_status":"connected","network_latency_ms":${Math.floor(value(50, 150))}}`,
      };
    case 2:
      return {
        subject: `devices.machine.M-${id}.reading`,
        payload:
          `{"machineId":"M-${id}","bearingId":"B1","timestamp":"${at}","status":"Normal","acceleration":{"rms":${
            value(0.2, 0.1)
          },"peak":${value(0.8, 0.3)},"crestFactor":${value(3, 1)},"kurtosis":${
            value(2.8, 0.5)
          }},"velocity":{"rms":${value(1, 0.5)}},"temperature":${value(50, 10)}}`,
      };
    case 3:
      return {
        subject: `devices.store.${id}.status`,
        payload: `{"timestamp":"${at}","status":"${random() < 0.01 ? "inactive" : "active"}"}`,
      };
    default:
      return {
        subject: `devices.sensor.S-${id}.reading`,
        payload: `{"sensor_id":"S-${id}","sensor_type":"temperature","value":${
          value(18, 6)
        },"unit":"C","timestamp":"${at}"}`,
      };
  }
}
