/** What somebody may ask of a report, and which stretches of time that means. */

export const FORMATS = ["summary", "csv", "json", "xlsx"] as const;
/** `summary` is the one line per store that the stores' contract prescribes. */
export type Format = typeof FORMATS[number];

export interface ReportRequest {
  readonly format: Format;
  /** Epoch ms; null for the latest poll of all stores. */
  readonly now: number | null;
  /** One stretch of time, epoch ms, cut at `now`; null where `windows` says which. */
  readonly period: { readonly from: number; readonly to: number } | null;
  /** Each ends at `now`: "1h", "7d". */
  readonly windows: readonly string[];
  /** Null for every store ever polled. */
  readonly stores: readonly string[] | null;
  /** Time farther than this from any poll is unknown; null for no limit. */
  readonly stalenessMs: number | null;
}

/** The last hour, day and week, of every store. */
export const SUMMARY: ReportRequest = {
  format: "summary",
  now: null,
  period: null,
  windows: ["1h", "1d", "7d"],
  stores: null,
  stalenessMs: null,
};

export interface Window {
  readonly name: string;
  /** Epoch ms, [from, to); `to` is never later than now. */
  readonly from: number;
  readonly to: number;
}

/** In the order they were asked for. */
export function windowsOf(
  { period, windows }: Pick<ReportRequest, "period" | "windows">,
  now: number,
): Window[] {
  if (period !== null) {
    const to = Math.max(period.from, Math.min(period.to, now));
    return [{ name: "period", from: period.from, to }];
  }
  return windows.map((name) => ({ name, from: now - (durationMs(name) ?? 0), to: now }));
}

const UNITS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

/** What a duration looks like, for messages. */
export const DURATION = "a number and s, m, h, d or w, such as 90m or 7d, of ten years at most";
export const DURATION_MAX_MS = 3_653 * 86_400_000;

/** Milliseconds of "90m", "24h", "7d"; undefined where the text is no positive duration. */
export function durationMs(text: string): number | undefined {
  const match = /^(\d{1,9})([smhdw])$/.exec(text);
  const ms = Number(match?.[1]) * (UNITS[match?.[2] ?? ""] ?? NaN);
  return ms > 0 && ms <= DURATION_MAX_MS ? ms : undefined;
}

/** Moments a report may be asked about: a year that a person meant. */
export const MOMENT_MIN = Date.UTC(1900, 0, 1);
export const MOMENT_MAX = Date.UTC(3000, 0, 1);
