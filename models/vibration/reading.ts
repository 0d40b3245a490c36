/** An analysis as the fields of a reading: short numbers, and a spectrum of bounded length. */
import type { Analysis } from "./analysis.ts";
import type { FaultName, FaultyPart } from "./diagnosis.ts";
import type { Spectrum } from "./spectrum.ts";
import type { Zone } from "./zones.ts";

export interface AnalysedReading {
  /** g */
  readonly acceleration: {
    readonly rms: number;
    readonly peak: number;
    readonly crestFactor: number;
    readonly kurtosis: number | null;
  };
  /** mm/s */
  readonly velocity:
    | { readonly rms: number; readonly peak: number; readonly crestFactor: number }
    | null;
  readonly fftData: {
    /** Hz, ascending. */
    readonly frequencies: readonly number[];
    /** g, zero to peak. */
    readonly amplitudes: readonly number[];
    /** Between bins; null where there is nothing but a constant. */
    readonly dominantFrequency: number | null;
  } | null;
  /** The zone of this reading; null where the machine's class is not known. */
  readonly status: Zone | null;
  readonly fault: {
    readonly name: FaultName;
    readonly confidence: number;
    readonly evidence: readonly {
      readonly part: FaultyPart;
      readonly expectedHz: number;
      readonly foundHz: number;
      readonly prominenceDb: number;
      readonly sideBandsDb: number | null;
      readonly standing: number;
    }[];
  } | null;
}

/** As many lines as a chart has pixels; about 40 KB of JSON. */
const LINES_MAX = 2_048;
const DIGITS = 6;

/** @param fMaxHz the spectrum is told up to here; all of it where not given */
export function readingOf(analysis: Analysis, fMaxHz = Infinity): AnalysedReading {
  const { acceleration, velocity, spectrum, dominant, zone, fault } = analysis;
  return {
    acceleration: short(acceleration),
    velocity: velocity && short(velocity),
    fftData: spectrum && {
      ...linesOf(spectrum, fMaxHz),
      dominantFrequency: dominant && shortened(dominant.frequencyHz),
    },
    status: zone,
    fault: fault && {
      name: fault.name,
      confidence: shortened(fault.confidence),
      evidence: fault.evidence.map((evidence) => short(evidence)),
    },
  };
}

/** Of neighbours that have to share a line the strongest speaks: no peak is lost. */
function linesOf(
  { binHz, amplitudes }: Spectrum,
  fMaxHz: number,
): { frequencies: number[]; amplitudes: number[] } {
  const count = Math.min(amplitudes.length, Math.floor(fMaxHz / binHz) + 1);
  const together = Math.ceil(count / LINES_MAX);
  const bins: number[] = [];
  for (let first = 0; first < count; first += together) {
    let strongest = first;
    for (let bin = first; bin < Math.min(first + together, count); bin++) {
      if ((amplitudes[bin] as number) > (amplitudes[strongest] as number)) strongest = bin;
    }
    bins.push(strongest);
  }
  return {
    frequencies: bins.map((bin) => shortened(bin * binHz)),
    amplitudes: bins.map((bin) => shortened(amplitudes[bin] as number)),
  };
}

/** The same fields, their numbers shortened. */
function short<T extends object>(fields: T): T {
  const entries = Object.entries(fields).map(([name, value]) => [
    name,
    typeof value === "number" ? shortened(value) : value,
  ]);
  return Object.fromEntries(entries) as T;
}

function shortened(value: number): number {
  return Number(value.toPrecision(DIGITS));
}
