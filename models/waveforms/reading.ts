/**
 * A reading with raw samples becomes one with what they tell; the samples go their own way, packed.
 *
 * What the sender has computed from the same samples stands under `reported`: the numbers we answer
 * for are ours.
 */
import {
  BYTES_PER_SAMPLE,
  type Encoding,
  readWaveform,
  type Waveform,
} from "../../events/waveform.ts";
import type { Json } from "../../events/vocabulary.ts";
import {
  analyse,
  type BearingGeometry,
  faultOrdersOf,
  faultSpectrumOf,
  type MachineClass,
  spectrumOf,
  statisticsOf,
} from "../vibration/mod.ts";
import { sha256Of } from "../sha256.ts";
import { pack, unpack } from "./packing.ts";

/** What must be known of a machine to judge its readings. */
export interface Circumstances {
  readonly machineClass?: MachineClass | null | undefined;
  readonly geometry?: BearingGeometry | null | undefined;
}

/** Samples as they are kept. */
export interface PackedWaveform {
  readonly sha256: string;
  readonly encoding: Encoding;
  /** g per count. */
  readonly scale: number;
  /** Hz; null where the sender did not say. */
  readonly sampleRate: number | null;
  readonly samples: number;
  /** As `packing.ts` does it. */
  readonly bytes: Uint8Array;
}

export interface Analysed {
  readonly reading: Json;
  readonly waveform: PackedWaveform;
}

const SPARED = ["rawData", "encoding", "scale"];
const COMPUTED = ["status", "acceleration", "velocity", "fftData"];

export async function analyseReading(
  reading: Json,
  waveform: Waveform,
  circumstances: Circumstances,
): Promise<Analysed> {
  const { samples, encoding, scale, bytes } = waveform;
  const sampleRate = typeof reading.SR === "number" ? reading.SR : null;
  const sha256 = await sha256Of(bytes);
  const packed = {
    sha256,
    encoding,
    scale,
    sampleRate,
    samples: samples.length,
    bytes: pack(bytes, BYTES_PER_SAMPLE[encoding]),
  };
  const kept = Object.fromEntries(
    Object.entries(reading).filter(([name]) => !SPARED.includes(name) && !COMPUTED.includes(name)),
  );
  return {
    reading: {
      ...kept,
      ...findings(samples, sampleRate, reading, circumstances),
      waveform: { sha256, samples: samples.length, sampleRate },
    },
    waveform: packed,
  };
}

function findings(
  samples: Float64Array,
  sampleRate: number | null,
  reading: Json,
  circumstances: Circumstances,
): Json {
  const reported = Object.fromEntries(
    COMPUTED.flatMap((name) => (reading[name] ?? null) === null ? [] : [[name, reading[name]]]),
  );
  // Without a rate nothing can be said of frequencies.
  if (sampleRate === null) {
    const { acceleration: theirs, ...others } = reported;
    return {
      ...others,
      acceleration: statisticsOf(samples),
      fault: null,
      ...(theirs === undefined ? {} : { reported: { acceleration: theirs } }),
    };
  }
  const rpm = typeof reading.rpm === "number" ? reading.rpm : null;
  const { acceleration, velocity, dominant, zone, fault } = analyse({
    samples,
    sampleRateHz: sampleRate,
    rpm,
    ...circumstances,
  });
  const status = zone ?? reading.status;
  return {
    ...(status === undefined ? {} : { status }),
    acceleration,
    velocity: velocity === null ? null : {
      rms: velocity.rms,
      peak: velocity.peak,
      crestFactor: velocity.crestFactor,
    },
    fftData: dominant === null ? null : {
      dominantFrequency: dominant.frequencyHz,
      dominantAmplitude: dominant.amplitude,
    },
    fault,
    zone,
    ...(Object.keys(reported).length === 0 ? {} : { reported }),
  };
}

/** More lines than a screen has; a longer spectrum is shown by the highest line of each stretch. */
const LINES_MAX = 16_384;

export interface SpectrumLines {
  /** Hz */
  readonly frequencies: number[];
  /** g, zero to peak. */
  readonly amplitudes: number[];
}

/** The spectrum of kept samples; undefined where there are too few, or nobody knows their rate. */
export function spectrumOfPacked(packed: PackedWaveform): SpectrumLines | undefined {
  const samples = samplesOf(packed);
  if (samples === undefined || packed.sampleRate === null || samples.length < 4) return;
  const { binHz, amplitudes } = spectrumOf(samples, packed.sampleRate);
  const stretch = Math.ceil(amplitudes.length / LINES_MAX);
  const lines: SpectrumLines = { frequencies: [], amplitudes: [] };
  for (let first = 0; first < amplitudes.length; first += stretch) {
    let highest = first;
    for (let bin = first; bin < Math.min(first + stretch, amplitudes.length); bin++) {
      if ((amplitudes[bin] ?? 0) > (amplitudes[highest] ?? 0)) highest = bin;
    }
    lines.frequencies.push(highest * binHz);
    lines.amplitudes.push(amplitudes[highest] ?? 0);
  }
  return lines;
}

/** Where a bearing's parts would show. */
export interface EnvelopeLines {
  /** Hz */
  readonly frequencies: number[];
  /** Height above the noise around, dB. */
  readonly prominences: number[];
}

/** Undefined where the recording, the speed or the geometry does not suffice. */
export function envelopeOfPacked(
  packed: PackedWaveform,
  rpm: number,
  geometry: BearingGeometry,
): EnvelopeLines | undefined {
  const samples = samplesOf(packed);
  const orders = faultOrdersOf(geometry);
  if (samples === undefined || packed.sampleRate === null || orders === undefined) return;
  const spectrum = faultSpectrumOf(samples, { sampleRateHz: packed.sampleRate, rpm, orders });
  if (spectrum === undefined) return;
  // Its constant part is no oscillation; what lies below the noise is nothing.
  const lines = [...spectrum.prominence].slice(1);
  return {
    frequencies: lines.map((_, i) => (i + 1) * spectrum.binHz),
    prominences: lines.map((power) => 10 * Math.log10(Math.max(1, power))),
  };
}

function samplesOf(packed: PackedWaveform): Float64Array | undefined {
  const bytes = unpack(packed.bytes, BYTES_PER_SAMPLE[packed.encoding]);
  return readWaveform(bytes, packed.encoding, packed.scale)?.samples;
}
