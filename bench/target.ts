/** A figure beside what was asked of it. */
import { say } from "./running.ts";

export interface Target {
  readonly what: string;
  readonly figure: number;
  readonly unit: string;
  /** One of the two. */
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** Prints figure, target and their ratio. A ratio above 1 misses "at most", below 1 "at least". */
export function compare({ what, figure, unit, atMost, atLeast }: Target): void {
  const target = atMost ?? atLeast;
  if (target === undefined) throw new Error(`"${what}" has no target`);
  const met = atMost === undefined ? figure >= target : figure <= target;
  const wanted = `${atMost === undefined ? "≥" : "≤"} ${rounded(target)} ${unit}`;
  say(
    `${what}: ${rounded(figure)} ${unit}, target ${wanted}, ratio ${
      (figure / target).toFixed(2)
    }: ${met ? "met" : "MISSED"}`,
  );
}

/** Three digits are as much as a measurement here is worth; larger numbers are whole. */
export function rounded(figure: number): string {
  return figure >= 100
    ? Math.round(figure).toLocaleString("en")
    : String(Number(figure.toPrecision(3)));
}
