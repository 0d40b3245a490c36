/** A whole series through one detector, reading by reading, as it would have been live. */
import { Alarm, type DetectorKind, VALUE_MAX } from "../detectors/mod.ts";

export interface Series {
  readonly values: Float64Array;
  /** Epoch ms. */
  readonly times: Float64Array;
}

/** A score per reading. */
export function scoresOf(kind: DetectorKind, { values, times }: Series): Float64Array {
  const detector = kind.start();
  return values.map((value, i) =>
    detector.update(Math.max(-VALUE_MAX, Math.min(VALUE_MAX, value)), times[i] as number).score
  );
}

/** The rows at which these scores are alarms: for the ensemble's, its own detections. */
export function detectionsOf(scores: Float64Array): number[] {
  const alarm = new Alarm();
  const rows: number[] = [];
  for (const [row, score] of scores.entries()) if (alarm.update(score)) rows.push(row);
  return rows;
}
