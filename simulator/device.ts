/** What every simulated device is, and what it is told about the world it stands in. */
import type { Json, Kind } from "../events/vocabulary.ts";

/** One thing a device says: the last token of the subject, and the body. */
export interface Utterance {
  readonly message: string;
  readonly data: Json;
}

export interface SimulatedDevice {
  readonly kind: Kind;
  readonly id: string;
  /** What it says now; nothing while it is silent. Asked in the order of time. */
  report(at: number): readonly Utterance[];
  /** What is said about it once, right after its first report: only then is it known. */
  introduce(at: number): readonly Utterance[];
}

export interface World {
  readonly seed: string;
  readonly startAt: number;
  /** How many times faster than in life things befall devices; readings keep their own pace. */
  readonly tempo: number;
}

/** `ATM-0007`: ids that sort as they count. */
export function numbered(prefix: string, index: number): string {
  return `${prefix}-${String(index + 1).padStart(4, "0")}`;
}

/** What the person who installs a device writes down about it. */
export function described(attributes: Json): Utterance {
  return { message: "command", data: { command: "DescribeDevice", ...attributes } };
}
