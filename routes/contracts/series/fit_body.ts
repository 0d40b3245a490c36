/** The data of a fit: what is wrong with it, or what it comes to. */
import { createHash } from "node:crypto";
import { parseLossless } from "../../../events/json.ts";
import type { FitSeriesModel, Sided } from "../../../events/series.ts";
import { SIDES } from "../../../events/series.ts";
import { isAnomaly, momentsOf, type ThreeSigma } from "../../../models/three_sigma.ts";
import { bytesOf, packSample, sampleOf, type Series } from "../../../models/training_sample.ts";
import { parseJson } from "../../json_text.ts";
import { ProblemError } from "../../problem.ts";
import { toInt64 } from "./int64.ts";

const THRESHOLD = 3;

interface Options {
  readonly threshold: number;
  readonly sided: Sided;
}

/** The order to the series' actor. Throws ProblemError: 400 for what is not JSON, else 422. */
export function readFit(text: string): FitSeriesModel {
  const body = readObject(text);
  const timestamps = listOf(body, "timestamps");
  const values = listOf(body, "values");
  const options = optionsOf(body);
  if (timestamps.length !== values.length) {
    throw wrong(
      "lengths-differ",
      `There are ${timestamps.length} timestamps and ${values.length} values: each value has one`,
    );
  }
  if (values.length < 2) {
    throw wrong("too-few-points", `There are ${values.length} points: a model needs 2 or more`);
  }
  const series = { timestamps: readTimestamps(timestamps, text), values: readValues(values) };
  return fit(series, options);
}

function fit(series: Series, options: Options): FitSeriesModel {
  const { timestamps, values } = series;
  const moments = momentsOf(values);
  if (moments.sd === 0) {
    throw wrong(
      "constant-values",
      `All values are ${moments.mean}: what never changes has no usual deviation`,
    );
  }
  const model = { ...moments, ...options };
  return {
    ...model,
    points: values.length,
    from: String(timestamps[0]),
    to: String(timestamps.at(-1)),
    anomalies: countAnomalies(values, model),
    digest: digestOf(series),
    sample: packSample(sampleOf(series, model)),
  };
}

/** At once: for so little the way to another thread and back is longer than the work. */
function digestOf({ timestamps, values }: Series): string {
  return createHash("sha256").update(bytesOf(timestamps)).update(bytesOf(values)).digest("hex");
}

function countAnomalies(values: Float64Array, model: ThreeSigma): number {
  let count = 0;
  for (const value of values) if (isAnomaly(model, value)) count++;
  return count;
}

export function readObject(text: string): Record<string, unknown> {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = parseJson(text); // Says where the mistake is.
  }
  if (typeof body === "object" && body !== null && !Array.isArray(body)) {
    return body as Record<string, unknown>;
  }
  throw wrong("not-an-object", "The body is no JSON object");
}

function listOf(body: Record<string, unknown>, name: string): readonly unknown[] {
  const list = body[name];
  if (Array.isArray(list)) return list;
  throw wrong("wrong-shape", `"${name}" is no list: expected {"timestamps": […], "values": […]}`);
}

function optionsOf({ threshold = THRESHOLD, sided = "both" }: Record<string, unknown>): Options {
  if (typeof threshold !== "number" || !Number.isFinite(threshold) || threshold <= 0) {
    throw wrong(
      "bad-threshold",
      `The threshold is ${shown(threshold)}: expected a number of standard deviations above 0`,
    );
  }
  const side = SIDES.find((name) => name === sided);
  if (side === undefined) {
    throw wrong("bad-sided", `"sided" is ${shown(sided)}: expected one of ${SIDES.join(", ")}`);
  }
  return { threshold, sided: side };
}

function readValues(list: readonly unknown[]): Float64Array {
  const values = new Float64Array(list.length);
  for (let i = 0; i < list.length; i++) {
    const value = list[i];
    if (typeof value !== "number" || !Number.isFinite(value)) {
      throw wrong("not-a-number", `values[${i}] is ${shown(value)}: expected a finite number`);
    }
    values[i] = value + 0; // One zero, not two.
  }
  return values;
}

function readTimestamps(list: readonly unknown[], text: string): BigInt64Array {
  // Beyond 2^53 a double has lost digits that the text still has.
  const exact = list.some((at) => typeof at === "number" && !Number.isSafeInteger(at))
    ? (parseLossless(text) as { timestamps: readonly unknown[] }).timestamps
    : list;
  const timestamps = new BigInt64Array(list.length);
  let before = 0n;
  for (let i = 0; i < list.length; i++) {
    const at = toInt64(exact[i]);
    if (at === undefined) {
      throw wrong(
        "bad-timestamp",
        `timestamps[${i}] is ${shown(list[i])}: expected a whole number of 64 bits, Unix time`,
      );
    }
    if (i > 0 && at <= before) {
      throw wrong(
        "not-increasing",
        `timestamps[${i}] is ${at}, after ${before}: each must be later than the one before`,
      );
    }
    timestamps[i] = before = at;
  }
  return timestamps;
}

function shown(value: unknown): string {
  if (typeof value === "number") return String(value);
  const text = JSON.stringify(value) ?? "missing";
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

export function wrong(code: string, detail: string): ProblemError {
  return new ProblemError(422, code, detail);
}
