/**
 * The points of a fit that are kept to show it: all of them while they are few, else those that keep
 * its shape, and the anomalies.
 *
 * Thinned by largest triangle three buckets (Steinarsson, Downsampling Time Series for Visual
 * Representation, 2013).
 */
import { type Sample, SAMPLE_POINTS_MAX } from "../events/series.ts";
import { isAnomaly, scoreOf, type ThreeSigma } from "./three_sigma.ts";

export interface Series {
  /** Strictly increasing. */
  readonly timestamps: BigInt64Array;
  readonly values: Float64Array;
}

const SHAPE_POINTS = SAMPLE_POINTS_MAX / 2;
/** Where more points than this are anomalies, the most extreme stay. */
const ANOMALIES_KEPT = SAMPLE_POINTS_MAX - SHAPE_POINTS;

export function sampleOf(series: Series, model: ThreeSigma): Series {
  if (series.values.length <= SHAPE_POINTS) return series;
  const kept = new Set(shapeOf(series, SHAPE_POINTS));
  for (const i of mostExtreme(series.values, model)) kept.add(i);
  const places = Uint32Array.from(kept).sort();
  return {
    timestamps: BigInt64Array.from(places, (i) => series.timestamps[i] ?? 0n),
    values: Float64Array.from(places, (i) => series.values[i] ?? NaN),
  };
}

function mostExtreme(values: Float64Array, model: ThreeSigma): number[] {
  const anomalies: number[] = [];
  for (let i = 0; i < values.length; i++) {
    if (isAnomaly(model, values[i] ?? NaN)) anomalies.push(i);
  }
  if (anomalies.length <= ANOMALIES_KEPT) return anomalies;
  const extremity = (i: number) => scoreOf(model, values[i] ?? NaN);
  return anomalies.sort((a, b) => extremity(b) - extremity(a)).slice(0, ANOMALIES_KEPT);
}

/** Indices: the first, the last, and of each bucket between the point that spans most. */
function shapeOf({ timestamps, values }: Series, count: number): number[] {
  const length = values.length;
  const first = timestamps[0] ?? 0n;
  // From the first one on, so that a double holds what differs.
  const at = (i: number) => Number((timestamps[i] ?? 0n) - first);
  const width = (length - 2) / (count - 2);
  const places = [0];
  let before = 0;
  for (let bucket = 0; bucket < count - 2; bucket++) {
    const from = Math.floor(bucket * width) + 1;
    const to = Math.floor((bucket + 1) * width) + 1;
    const next = averageOf(at, values, to, Math.min(length, Math.floor((bucket + 2) * width) + 1));
    const x = at(before);
    const y = values[before] ?? 0;
    let best = from;
    let bestArea = -1;
    for (let i = from; i < to; i++) {
      const area = Math.abs((x - next.x) * ((values[i] ?? 0) - y) - (x - at(i)) * (next.y - y));
      if (area > bestArea) {
        bestArea = area;
        best = i;
      }
    }
    places.push(best);
    before = best;
  }
  places.push(length - 1);
  return places;
}

function averageOf(
  at: (i: number) => number,
  values: Float64Array,
  from: number,
  to: number,
): { x: number; y: number } {
  let x = 0;
  let y = 0;
  const count = to - from;
  for (let i = from; i < to; i++) {
    x += at(i) / count;
    y += (values[i] ?? 0) / count;
  }
  return { x, y };
}

/** Of points at a steady pace the first two timestamps say all. */
export function packSample({ timestamps, values }: Series): Sample {
  const told = isSteady(timestamps) ? timestamps.subarray(0, 2) : timestamps;
  return { timestamps: bytesOf(told).toBase64(), values: bytesOf(values).toBase64() };
}

export function unpackSample(sample: Sample): Series {
  const values = new Float64Array(Uint8Array.fromBase64(sample.values).buffer);
  const told = new BigInt64Array(Uint8Array.fromBase64(sample.timestamps).buffer);
  if (told.length === values.length) return { timestamps: told, values };
  const [first = 0n, second = 0n] = told;
  const step = second - first;
  return { timestamps: BigInt64Array.from(values, (_, i) => first + BigInt(i) * step), values };
}

function isSteady(timestamps: BigInt64Array): boolean {
  const [first = 0n, second = 0n] = timestamps;
  const step = second - first;
  for (let i = 2; i < timestamps.length; i++) {
    if ((timestamps[i] ?? 0n) - (timestamps[i - 1] ?? 0n) !== step) return false;
  }
  return true;
}

/** Every machine that Deno runs on is little-endian. */
export function bytesOf(numbers: BigInt64Array | Float64Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(
    numbers.buffer as ArrayBuffer,
    numbers.byteOffset,
    numbers.byteLength,
  );
}
