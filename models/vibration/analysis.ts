/** Everything a waveform tells about a bearing. */
import { type BearingGeometry, faultOrdersOf } from "./bearing.ts";
import { diagnose, type Fault } from "./diagnosis.ts";
import { dominantPeak, type Peak, type Spectrum, spectrumOf } from "./spectrum.ts";
import { type Statistics, statisticsOf } from "./statistics.ts";
import { type Velocity, velocityOf } from "./velocity.ts";
import { type MachineClass, type Zone, zoneOf } from "./zones.ts";

export interface Waveform {
  /** Acceleration in g. */
  readonly samples: Float64Array;
  readonly sampleRateHz: number;
  /** Turns of the shaft per minute. Without it, and without geometry, no fault can be named. */
  readonly rpm?: number | null | undefined;
  readonly geometry?: BearingGeometry | null | undefined;
  /** Without it there is no zone. */
  readonly machineClass?: MachineClass | null | undefined;
}

export interface Analysis {
  /** g */
  readonly acceleration: Statistics;
  /** mm/s, of what the spectrum is of; null for less than four samples. */
  readonly velocity: Velocity | null;
  /** Acceleration in g, of the middle 2^18 samples at most; null for less than four. */
  readonly spectrum: Spectrum | null;
  readonly dominant: Peak | null;
  readonly zone: Zone | null;
  /** Null where geometry, speed or length do not suffice to tell, or impacts fit no part. */
  readonly fault: Fault | null;
}

const SAMPLES_MIN = 4;
/** Bins of a fraction of a hertz are as narrow as any line; more would cost memory for nothing. */
const SPECTRUM_SAMPLES_MAX = 2 ** 18;
/** Vibration of a sound machine has 3, of one whose load comes and goes a little more. */
const IMPACTS_KURTOSIS = 5;

export function analyse(waveform: Waveform): Analysis {
  const { samples, sampleRateHz, rpm, geometry, machineClass } = waveform;
  const acceleration = statisticsOf(samples);
  if (samples.length < SAMPLES_MIN) {
    return {
      acceleration,
      velocity: null,
      spectrum: null,
      dominant: null,
      zone: null,
      fault: null,
    };
  }
  const from = Math.max(0, (samples.length - SPECTRUM_SAMPLES_MAX) >> 1);
  const spectrum = spectrumOf(samples.subarray(from, from + SPECTRUM_SAMPLES_MAX), sampleRateHz);
  const velocity = velocityOf(spectrum);
  const orders = geometry ? faultOrdersOf(geometry) : undefined;
  const fault = orders && rpm ? diagnose(samples, { sampleRateHz, rpm, orders }) : undefined;
  // Something strikes, at the frequency of no part: late wear does, and so does a hammer.
  const isUnclear = fault?.name === "healthy" && (acceleration.kurtosis ?? 0) > IMPACTS_KURTOSIS;
  return {
    acceleration,
    velocity,
    spectrum,
    dominant: dominantPeak(spectrum) ?? null,
    zone: machineClass ? zoneOf(velocity.rms, machineClass) : null,
    fault: isUnclear ? null : fault ?? null,
  };
}
