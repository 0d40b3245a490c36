/**
 * Where the inner loops work: what they need is copied here and their results copied back, so that
 * the state of a series remains ordinary memory, as large as its past and gone when nobody knows
 * it. There is one workbench, for one series at a time.
 */
import { memory, unfold } from "./inner_loops.wasm";

/** In bytes. Sums of all lengths, one length after the other. */
export const SUMS_AT = 0;
/** Lags that were found near. */
export const NEAR_AT = SUMS_AT + 16 * 1024;
/** Values as they are; and as doubles, the newest first, so that the index is the lag. */
const VALUES_AT = NEAR_AT + 8 * 1024;
export const PAST_AT = VALUES_AT + 10 * 1024;
export const SCORES_AT = PAST_AT + 20 * 1024;

export const workSums = new Float32Array(memory.buffer, SUMS_AT, (NEAR_AT - SUMS_AT) / 4);
export const near = new Int32Array(memory.buffer, NEAR_AT, (VALUES_AT - NEAR_AT) / 4);
export const workValues = new Float32Array(memory.buffer, VALUES_AT, (PAST_AT - VALUES_AT) / 4);
const workScores = new Float32Array(memory.buffer, SCORES_AT);

/** The first `length` of the sums: views are kept, there is only a handful of lengths. */
const views = new Map<number, Float32Array>();
function sumsOf(length: number): Float32Array {
  let view = views.get(length);
  if (view === undefined) {
    view = workSums.subarray(0, length);
    if (view.length < length) throw new RangeError(`Cannot lay out ${length} sums: too many`);
    views.set(length, view);
  }
  return view;
}

export function laySums(sums: Float32Array): void {
  sumsOf(sums.length).set(sums);
}

export function takeSums(sums: Float32Array): void {
  sums.set(sumsOf(sums.length));
}

/** Also makes of the first `count` of them the past that `PAST_AT` has. */
export function layValues(values: Float32Array, count: number): void {
  workValues.set(values);
  unfold(VALUES_AT, count, PAST_AT);
}

export function layScores(scores: Float32Array): void {
  workScores.set(scores);
}
