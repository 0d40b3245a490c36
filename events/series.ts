/**
 * A series with a history gets models of it: what a fit is, as an order and as facts.
 *
 * The order brings what the data came to, not the data: a fit may have millions of points, a message
 * 256 KiB. What predictions need is all in `SeriesModelFitted`; the points that show it on a plot
 * stand in an event of their own, so that whoever reads every model reads no points.
 */
import { z } from "zod";
import type { NewEvent } from "./event.ts";

/** Anomalies on both sides of the mean, or only above it. */
export const SIDES = ["both", "upper"] as const;
export type Sided = typeof SIDES[number];

/** Points kept to draw a fit; what is more is thinned out (`models/training_sample.ts`). */
export const SAMPLE_POINTS_MAX = 4_000;
/** Base64 of eight bytes a point. */
const PACKED_LENGTH_MAX = Math.ceil(SAMPLE_POINTS_MAX * 8 / 3) * 4;

const moment = z.string().regex(/^-?\d{1,19}$/);
const packed = z.base64().max(PACKED_LENGTH_MAX);

const model = {
  mean: z.number(),
  /** Population standard deviation. */
  sd: z.number().positive(),
  threshold: z.number().positive(),
  sided: z.enum(SIDES),
  points: z.int().min(2),
  min: z.number(),
  max: z.number(),
  /** First and last timestamp: 64-bit whole numbers, as text, in the unit they came in. */
  from: moment,
  to: moment,
  /** Points of the training data that the model itself calls anomalies. */
  anomalies: z.int().nonnegative(),
  /** SHA-256, hex, of all timestamps (int64) and then all values (double), little-endian. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
};

/**
 * Points of a series, packed: base64 of little-endian int64 and of doubles. Two timestamps of more
 * values are the first two of a steady pace.
 */
export const Sample = z.object({ timestamps: packed, values: packed });
export type Sample = z.infer<typeof Sample>;

/** The body of the order. */
export const FitSeriesModel = z.object({ ...model, sample: Sample });
export type FitSeriesModel = z.infer<typeof FitSeriesModel>;

/** `modelVersion`: v1, v2 … of this series. */
export type FittedModel = Omit<FitSeriesModel, "sample"> & { readonly modelVersion: string };

export type SeriesEvent =
  | NewEvent<"SeriesModelFitted", FittedModel>
  | NewEvent<"TrainingSampleKept", Sample & { readonly modelVersion: string }>;

/** What makes two fits the same fit: the same data with the same options. */
export function fitKey({ digest, threshold, sided }: {
  readonly digest: string;
  readonly threshold: number;
  readonly sided: Sided;
}): string {
  return `${digest} ${threshold} ${sided}`;
}

export function modelVersionOf(number: number): string {
  return `v${number}`;
}

/** 2 of `v2`; undefined for anything that is no such name. */
export function numberOfModel(version: string): number | undefined {
  return /^v[1-9]\d{0,8}$/.test(version) ? Number(version.slice(1)) : undefined;
}
